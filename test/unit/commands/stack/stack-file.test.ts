/** Stack files have one reader: no other source has their names, nor reads YAML as Pulumi does. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(__dirname, "../../../..");
const sources = globSync(
  "{*.ts,{commands,components,examples,lib,local,policies,sandbox}/**/*.ts}",
  {
    cwd: root,
  },
);
const filesWith = (pattern: RegExp) =>
  sources.filter((file) => pattern.test(readFileSync(join(root, file), "utf8")));

test("the names of Pulumi.yaml and Pulumi.STACK.yaml are the reader's", () => {
  assert.deepEqual(filesWith(/["'`]Pulumi\.(yaml|\$\{|\w+\.yaml)/), [
    "commands/stack/stack-file.ts",
  ]);
});

test("YAML as Pulumi reads it is the reader's, and that of what the sandbox is given by options", () => {
  assert.deepEqual(filesWith(/\breadYaml\(/).sort(), [
    "commands/stack/pulumi-yaml.ts",
    "commands/stack/stack-file.ts",
    "sandbox/configuration.ts",
  ]);
});
