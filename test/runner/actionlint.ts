/** The workflows, judged by actionlint, which test/support/actionlint/go.mod pins as the toolchain's modules pin theirs. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { told, type Count } from "./count";

const root = join(__dirname, "../..");

/** Neither shellcheck nor pyflakes: what is found must not depend on what a machine happens to have. */
const alone = ["-shellcheck=", "-pyflakes="];

/** Runs actionlint on the workflows; Go builds it once, into its own cache. Where Go is not there it says so. */
export function lintWorkflows(
  files: readonly string[] = globSync(join(root, ".github/workflows/*")).sort(),
): readonly Count[] {
  if (spawnSync("go", ["version"]).status !== 0) {
    console.log(
      "left out: the workflows' check: Go is not on PATH, and actionlint is built with it",
    );
    return [];
  }
  const { status } = spawnSync("go", ["tool", "actionlint", ...alone, ...files], {
    cwd: join(__dirname, "../support/actionlint"),
    env: { ...process.env, GOFLAGS: "", GOWORK: "off" },
    stdio: "inherit",
  });
  return [told("workflows", status === 0)];
}
