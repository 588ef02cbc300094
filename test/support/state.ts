/** What belongs to all of a process. Changes are named without their values: secrets may be among them. */

type State = Readonly<Record<string, string | undefined>>;

/** The environment and the working folder as they are now. */
export const stateOfProcess = (): State => ({
  ...process.env,
  "the working folder": process.cwd(),
});

/** Names what has changed since then. */
export function changesSince(before: State): readonly string[] {
  const now = stateOfProcess();
  return Object.keys({ ...before, ...now }).filter((name) => now[name] !== before[name]);
}
