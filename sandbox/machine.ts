import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { endAbandoned } from "./abandoned";
import { commandLine, guide } from "../lib/clone";
import { UserError } from "../lib/errors";
import { readIfThere, writePrivate } from "../lib/files";
import type { Layout } from "./layout";
import { foreground } from "../lib/processes";
import { programArguments } from "../local/programs";
import { certificateAuthority } from "../local/tenant/certificate";

/**
 * The tenant's host: browsers resolve every name under localhost, the sandbox's processes read a hosts file, and pods
 * ask the cluster's DNS.
 */
export const tenantHost = "tenant.localhost";

/** The host of the tenant's custom domain, resolved in the same ways. */
export const customHost = "login.localhost";

/** Every name of the tenant. */
export const tenantHosts = [tenantHost, customHost] as const;

/** Why the sandbox cannot run on this machine for this user, or undefined if it can. */
export function machineProblem(): string | undefined {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64") {
    const machine =
      platform === "darwin"
        ? "a virtual machine (brew install lima; limactl start --arch=x86_64 template:debian-12; limactl shell debian-12)"
        : "a virtual machine";
    return `the sandbox runs on Linux on x86-64, and this is ${platform} on ${arch}: use ${machine}, or a real cluster (${guide("docs/clusters.md")})`;
  }
  if (process.getuid?.() !== 0) {
    return `the sandbox makes namespaces and mounts: run it as root (sudo ${commandLine("sandbox")})`;
  }
  return undefined;
}

/** The exit code that tells a second command that the lock is held (sysexits.h, EX_TEMPFAIL). */
const locked = 75;

/** What a command of the sandbox needs while it runs. */
export interface Needs {
  /** That no other command changes the sandbox at the same time. */
  readonly lock: boolean;
  /** That /etc/hosts names the tenant and that the tenant's certificate authority is trusted. */
  readonly tenant: boolean;
}

/**
 * Runs one of the project's programs with what it needs, and this environment in addition to this process's own, and
 * gives its exit code. The machine's own files stay as they are:
 * its /etc/hosts is another by a mount that only the program sees.
 */
export async function runWith(
  { lock, tenant }: Needs,
  layout: Layout,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  mkdirSync(dirname(layout.lock), { recursive: true, mode: 0o700 });
  if (lock) await endAbandoned(layout);
  const prefix = lock ? locking(layout) : [];
  const command = [...programArguments(program), ...args];
  if (!tenant) return runProgram(lock, prefix, command, environment);
  const authority = await certificateAuthority(layout.tenant, tenantHosts);
  const machine = readFileSync("/etc/hosts", "utf8").trimEnd();
  mkdirSync(layout.temporary, { recursive: true, mode: 0o700 });
  keepPrivate(layout.hosts, `${machine}\n127.0.0.1 ${tenantHosts.join(" ")}\n`);
  const mount = ["unshare", "--mount", "--propagation", "private"];
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return runProgram(lock, [...prefix, ...mount, "sh", "-c", script, layout.hosts], command, {
    ...environment,
    ...trust(layout, authority),
    TMPDIR: layout.temporary,
  });
}

/**
 * The command line that holds the sandbox's lock while the command after it runs. Node passes the descriptor to no
 * other process.
 */
function locking(layout: Layout): string[] {
  const script = `exec 9>>"$0" && { flock --nonblock 9 || exit ${locked}; } && exec "$@"`;
  return ["sh", "-c", script, layout.lock];
}

/** @param lock whether the prefix asks for the sandbox's lock */
async function runProgram(
  lock: boolean,
  prefix: readonly string[],
  program: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const [first = "", ...rest] = [...prefix, process.execPath, ...program];
  const code = await foreground(first, rest, { env: { ...process.env, ...environment } });
  // Without a lock it is the program's own: a shell ends with the code that its user gives.
  if (code === locked && lock) {
    throw new UserError("another command is changing this sandbox: wait for it to end");
  }
  return code;
}

/** Writes a file only if its content differs: a running command has the old file mounted or open. */
function keepPrivate(path: string, content: string): void {
  if (readIfThere(path) !== content) writePrivate(path, content);
}

/** Adds the tenant's certificate authority to those that Node and Go trust already. */
function trust(layout: Layout, authority: string): NodeJS.ProcessEnv {
  const bundle = (name: string, base: string | undefined) => {
    const path = join(layout.tenant, name);
    keepPrivate(
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
