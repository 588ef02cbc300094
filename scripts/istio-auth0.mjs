#!/usr/bin/env node
// The command line: `istio-auth0 COMMAND [ARGUMENT]...`. In a clone: `npx istio-auth0`, or npm's scripts of the commands' names.
process.argv.splice(2, 0, "commands/command-line/main.ts");
await import("./run.mjs");
