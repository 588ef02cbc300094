/** A group of test files, which is one process, between its files and at its end: a file's own hooks end with the file. */
import { before, type SuiteContext, type TestContext } from "node:test";

const ends: (() => Promise<void>)[] = [];

/** Has something done when every file of the group has ended. */
export function atEndOfGroup(end: () => Promise<void>): void {
  ends.push(end);
}

/** Called by the group's program. */
export async function endGroup(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}

/** The suite that called `afterFailure` last. */
let last: SuiteContext | TestContext | undefined;

/** Has something done before the tests of the suite that calls this, where the one before it has failed: a hook of it, too. */
export function afterFailure(restore: () => Promise<void>): void {
  before(async (suite) => {
    const hasFailed = last !== undefined && "passed" in last && !last.passed;
    last = suite;
    if (hasFailed) await restore();
  });
}
