/** One sandbox for the test files of a group, each of which has it take other settings: a node that starts takes longer. */
import { after, afterEach } from "node:test";
import { atEndOfGroup } from "../support/group";
import { SandboxCopy } from "./copy";

let shared: SandboxCopy | undefined;

/**
 * The sandbox of the suite that calls this, as the file before it in the group has left it, or not up yet. A file whose
 * tests have not all passed leaves none: the next begins from nothing.
 */
export function sharedSandbox(): SandboxCopy {
  const copy = (shared ??= newShared());
  let isAsItWas = true;
  afterEach((test) => {
    isAsItWas &&= "passed" in test && test.passed;
  });
  after(async () => {
    if (!isAsItWas) await copy.run("down");
  });
  return copy;
}

function newShared(): SandboxCopy {
  const copy = new SandboxCopy();
  atEndOfGroup(async () => {
    await copy.run("down");
    copy.remove();
  });
  return copy;
}
