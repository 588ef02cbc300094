import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { Failure } from "./failure";
import { writePrivate } from "./files";
import type { Layout } from "./layout";
import { certificateAuthority } from "./tenant/certificate";

/** The tenant's host: browsers resolve every name under localhost, its own processes by a hosts file, pods by the cluster's DNS. */
export const tenantHost = "tenant.localhost";

/** Why the sandbox cannot run on this machine for this user, or undefined where it can. */
export function machineProblem(): string | undefined {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    return `the sandbox runs on Linux on x86-64, and this is ${platform} on ${arch}: use a virtual machine, or a real cluster (README.md)`;
  }
  if (process.getuid?.() !== 0) {
    return "the sandbox makes namespaces and mounts: run it as root (sudo npm run sandbox)";
  }
  return undefined;
}

/** What the lock's holder says to a second command, as an exit code (sysexits.h, EX_TEMPFAIL). */
const locked = 75;

/**
 * Runs a program where /etc/hosts names the tenant and the tenant's certificate authority is trusted, and
 * gives its exit code. The machine's own files stay as they are: the change is a mount that only that
 * program sees. With `exclusive`, one program at a time.
 */
export async function enter(
  layout: Layout,
  exclusive: boolean,
  program: string,
  args: readonly string[],
): Promise<number> {
  mkdirSync(layout.state, { recursive: true, mode: 0o700 });
  writePrivate(
    layout.hosts,
    `${readFileSync("/etc/hosts", "utf8").trimEnd()}\n127.0.0.1 ${tenantHost}\n`,
  );
  const authority = await certificateAuthority(layout.tenant, tenantHost);
  const lock = exclusive ? `exec 9>"$2" && { flock --nonblock 9 || exit ${locked}; } &&` : "";
  const script = `mount --bind "$1" /etc/hosts && ${lock} shift 2 && exec "$@"`;
  if (exclusive) appendFileSync(layout.lock, "", { mode: 0o600 });
  const command = [process.execPath, ...process.execArgv, program, ...args];
  const child = spawn(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      script,
      "sh",
      layout.hosts,
      layout.lock,
      ...command,
    ],
    { stdio: "inherit", env: { ...process.env, ...trust(layout, authority) } },
  );
  // The terminal interrupts the whole group by itself; other signals reach only this process.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", (error) => {
      reject(new Failure(`cannot start unshare, of the package util-linux: ${error.message}`));
    });
    child.on("exit", (status, signal) => {
      resolve(status ?? 128 + constants.signals[signal ?? "SIGKILL"]);
    });
  });
  if (exclusive && code === locked)
    throw new Failure("another command is changing this sandbox: wait for it to end");
  return code;
}

/** Adds the tenant's certificate authority to those that Node and Go trust already. */
function trust(layout: Layout, authority: string): NodeJS.ProcessEnv {
  const bundle = (name: string, base: string | undefined) => {
    const path = join(layout.tenant, name);
    writePrivate(
      path,
      `${base && existsSync(base) ? readFileSync(base, "utf8").trimEnd() : ""}\n${authority}`,
    );
    return path;
  };
  return {
    NODE_EXTRA_CA_CERTS: bundle("node-roots.crt", process.env.NODE_EXTRA_CA_CERTS),
    SSL_CERT_FILE: bundle(
      "roots.crt",
      process.env.SSL_CERT_FILE ?? "/etc/ssl/certs/ca-certificates.crt",
    ),
  };
}
