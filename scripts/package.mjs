// Compiles the components, with their types, and the policy pack for the package: npm runs it before it packs.
//
// Pulumi's own compiler and the compilers of other projects leave what is below node_modules as it is.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, install, modules, root } from "./install.mjs";

await install();
// A component that is no longer there must not be in the package.
rmSync(join(root, "dist"), { recursive: true, force: true });
const compiler = join(modules, "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.package.json"], {
  cwd: root,
  // npm's own standard output may be a list that a program reads.
  stdio: ["ignore", process.stderr, "inherit"],
});
if (status !== 0) fail("cannot compile the components: see above");

const pack = join(root, "dist", "policies");
const { build } = await import("esbuild");
await build({
  absWorkingDir: root,
  entryPoints: [join("policies", "index.ts")],
  outdir: pack,
  bundle: true,
  packages: "external",
  platform: "node",
  target: "node22",
  format: "cjs",
  logLevel: "warning",
});
// What makes a folder a pack, by which Pulumi's runner compiles nothing.
for (const [name, change] of [
  ["PulumiPolicy.yaml", (text) => text.replace("typescript: true", "typescript: false")],
  ["package.json", (text) => JSON.stringify({ ...JSON.parse(text), main: "index.js" })],
])
  writeFileSync(join(pack, name), change(readFileSync(join(root, "policies", name), "utf8")));
