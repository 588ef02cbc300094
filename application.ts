/** The application of this project. */
export { bookinfo as application } from "./components/access";
