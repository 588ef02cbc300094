/** The programs that judge the sources; each counts as one test. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { told, type Count } from "./count";

interface Check {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  /** What has it leave out files that have not changed since they passed. */
  readonly cached: readonly string[];
}

const cache = "node_modules/.cache";

const checks: readonly Check[] = [
  {
    what: "types",
    command: ["tsc", "--noEmit"],
    cached: ["--incremental", "--tsBuildInfoFile", `${cache}/tsc.json`],
  },
  {
    what: "lint",
    command: ["eslint", "--max-warnings=0", "."],
    cached: ["--cache", "--cache-strategy=content", `--cache-location=${cache}/eslint.json`],
  },
  {
    what: "format",
    command: ["prettier", "--check", "--log-level=warn", "."],
    cached: ["--cache", "--cache-strategy=content", `--cache-location=${cache}/prettier.json`],
  },
];

/**
 * Runs every check.
 * @param cached whether files that passed before are left out: the linter then does not see that a type has changed in
 * another file
 */
export function checkSources(root: string, cached: boolean): Promise<readonly Count[]> {
  return Promise.all(checks.map((one) => check(root, one, cached)));
}

async function check(
  root: string,
  { what, command: [program, ...args], cached }: Check,
  isCached: boolean,
): Promise<Count> {
  const all = isCached ? [...args, ...cached] : args;
  const child = spawn(join(root, "node_modules/.bin", program), all, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return told(what, code === 0);
}
