/** The programs that judge the sources; each counts as one test. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { told, type Count } from "./count";

interface Check {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Check[] = [
  { what: "types", command: ["tsc", "--noEmit"] },
  { what: "lint", command: ["eslint", "--max-warnings=0", "."] },
  { what: "format", command: ["prettier", "--check", "--log-level=warn", "."] },
];

export function checkSources(root: string): Promise<readonly Count[]> {
  return Promise.all(checks.map((one) => check(root, one)));
}

async function check(root: string, { what, command: [program, ...args] }: Check): Promise<Count> {
  const child = spawn(join(root, "node_modules/.bin", program), args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return told(what, code === 0);
}
