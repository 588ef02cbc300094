import { join } from "node:path";

/** The folder of the clone that this code runs from. */
export const clone = join(__dirname, "..");
