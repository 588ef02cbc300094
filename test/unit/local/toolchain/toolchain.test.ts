/** What a login needs is there where earlier runs have made it and it works: no other run makes it. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { partName, partsFolder } from "../../../../local/toolchain/parts";
import { knowsLogin, releasedParts } from "../../../../local/toolchain/toolchain";
import { temporaryFolder } from "../images/reading";

/** The folder of a part in a cache, which is made. */
function folderOf(cache: string, name: string): string {
  const part = releasedParts.find((one) => one.name === name);
  assert.ok(part);
  const folder = join(partsFolder(cache), partName(part));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Has Redis be there, as a program that ends with this code. */
function redisEnding(cache: string, code: number): void {
  const program = join(folderOf(cache, "redis"), "usr/bin/redis-check-rdb");
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, `#!/bin/sh\nexit ${code}\n`, { mode: 0o700 });
}

test("a login is known where all that it needs is there, and works", async () => {
  const cache = temporaryFolder();
  assert.equal(await knowsLogin(cache), false);
  redisEnding(cache, 0);
  assert.equal(await knowsLogin(cache), false);
  folderOf(cache, "oauth2-proxy");
  assert.equal(await knowsLogin(cache), true);
  // As after the machine's own libraries have changed: a run without a login would fetch it again.
  redisEnding(cache, 1);
  assert.equal(await knowsLogin(cache), false);
});
