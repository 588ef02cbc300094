/** The mark of a process that has ended, as lib/makers.ts gives it to what that process makes. */
import { spawnSync } from "node:child_process";
import { ownMark } from "../../lib/makers";

export function endedMark(): string {
  const { pid } = spawnSync("true");
  return ownMark.replace(/\d+$/, String(pid));
}
