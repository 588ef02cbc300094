/**
 * The tables and the programs of the clone's examples. The built programs have every file that a template here matches;
 * an installed package has no examples, and its programs are built without this file (scripts/programs.mjs).
 */
const nameOf = (place: string) => place.replace(/^examples\//, "");

/* eslint-disable @typescript-eslint/no-require-imports -- which one is known only at run time */

/** @param place the example's folder in the clone: `examples/NAME` */
export const exampleTable = (place: string): unknown =>
  require(`../../examples/${nameOf(place)}/application.ts`);

/** Runs it, because loading it does: its exports are the stack's outputs. */
export const exampleProgram = (place: string): unknown =>
  require(`../../examples/${nameOf(place)}/index.ts`);
