import { join } from "node:path";

/** The folder of the clone, or of the installed package, that this code runs from. */
export const clone = join(__dirname, "..");

/**
 * The folder of the project that these programs were built for (scripts/programs.mjs): in a clone its own, otherwise the
 * user's. Empty if the user is in no project and names none.
 */
export const ownFolder = process.env.ISTIO_AUTH0_PROJECT ?? clone;

/** Whether this is a clone: its examples are projects as well, and npm has scripts of the commands' names. */
export const isClone = process.env.ISTIO_AUTH0_PROJECT === undefined;
