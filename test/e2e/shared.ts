/** One sandbox for the test files of a group, each of which has it take other settings: a node that starts takes longer. */
import { afterFailure, atEndOfGroup } from "../support/group";
import { SandboxCopy } from "./copy";

let shared: SandboxCopy | undefined;

/**
 * The sandbox of the suite that calls this, as the file before it in the group has left it, or not up yet. After a
 * file that has failed it is not up: the next begins from nothing.
 */
export function sharedSandbox(): SandboxCopy {
  const copy = (shared ??= newShared());
  afterFailure(async () => {
    await copy.run("down");
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
