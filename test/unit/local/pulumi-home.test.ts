/** A folder for Pulumi's command has a file where the command would make a folder of logs. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makePulumiHome } from "../../../local/pulumi-home";
import { temporaryFolder } from "./images/reading";

const isFile = (home: string) => lstatSync(join(home, "logs")).isFile();

test("a folder that is missing is made, for its owner alone", () => {
  const home = join(temporaryFolder(), "some/home");
  makePulumiHome(home);
  assert.equal(lstatSync(home).mode & 0o777, 0o700);
  assert.ok(isFile(home));
});

test("logs of earlier runs go, and nothing else; making it again changes nothing", () => {
  const home = temporaryFolder();
  mkdirSync(join(home, "logs"));
  writeFileSync(join(home, "logs", "run.log"), "");
  mkdirSync(join(home, "plugins"));
  for (let times = 0; times < 2; times += 1) {
    makePulumiHome(home);
    assert.ok(isFile(home));
    assert.deepEqual(readdirSync(home).sort(), ["logs", "plugins"]);
  }
});
