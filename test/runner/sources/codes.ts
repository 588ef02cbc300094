/** The exit codes of the program next to this file: what is wrong, added up. */
export const wrong = { types: 2, lint: 4 } as const;

/** The bit of a failure of its own. */
export const failure = 1;
