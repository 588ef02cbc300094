/** Only the folder of a preview whose process has ended is removed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeAbandoned } from "../../../../commands/preview/folder";
import { temporaryFolder } from "../../local/images/reading";

/** A process that has ended. */
const { pid: ended } = spawnSync("true");

test("a folder whose preview was killed is removed, and no other", () => {
  const parent = temporaryFolder();
  const running = basename(makeFolder(parent));
  const withPid = (pid: number) => running.replace(`-${process.pid}-`, `-${pid}-`);
  const killed = withPid(ended);
  const [elsewhere, link] = [killed.replace(/-\d+-/, "-1-"), `${killed}a`];
  const kept = [
    running,
    withPid(process.ppid),
    elsewhere,
    "istio-auth0-preview-Ab12Cd",
    `another-${killed}`,
  ];
  for (const name of kept.slice(1)) mkdirSync(join(parent, name));
  mkdirSync(join(parent, killed, "backend"), { recursive: true });
  writeFileSync(join(parent, killed, "backend", "plan.json"), "{}");
  symlinkSync(join(parent, running), join(parent, link));
  removeAbandoned(parent);
  assert.deepEqual(readdirSync(parent).sort(), [...kept, link].sort());
});
