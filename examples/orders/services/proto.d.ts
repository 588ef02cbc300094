/** The image's build (sandbox/images/applications.ts) puts a file of this kind into the program as its text. */
declare module "*.proto" {
  const text: string;
  export default text;
}
