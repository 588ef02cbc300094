/** The end of a group of test files, which is one process: a file's own hooks end with the file. */
const ends: (() => Promise<void>)[] = [];

/** Has something done when every file of the group has ended. */
export function atEndOfGroup(end: () => Promise<void>): void {
  ends.push(end);
}

/** Called by the group's program. */
export async function endGroup(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}
