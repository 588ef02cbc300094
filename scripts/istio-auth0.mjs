#!/usr/bin/env node
// The command line: `istio-auth0 COMMAND [ARGUMENT]...`. In a clone: `npx istio-auth0`, or npm's scripts of the commands' names.
//
// An older Node cannot read the other files, so that this one is in the language of any that knows modules.
const { node } = process.versions;
const [major, minor] = node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `error: Node ${node} is too old: istio-auth0 needs 20.19 or newer, and pulumi up 22 or newer`,
  );
  process.exit(1);
}
process.argv.splice(2, 0, "commands/command-line/main.ts");
import("./run.mjs");
