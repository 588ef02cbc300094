import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { createServer, type ListenOptions, type Server } from "node:net";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { commandLine } from "../lib/clone";
import { UserError } from "../lib/errors";
import { parseJson, readIfThere, writePrivate } from "../lib/files";
import type { Layout } from "./layout";
import { isTrueWithin } from "../lib/poll";

/** What is decided once for a clone's sandbox and stays until `down`. */
export interface Decisions {
  /** Ports of 127.0.0.1. */
  readonly ports: { readonly gateway: number; readonly tenant: number; readonly api: number };
  /** The passphrase for the secrets in Pulumi's state. */
  readonly passphrase: string;
  /** The secret of the client that may manage the tenant. */
  readonly managementSecret: string;
}

const port = z.number().int().min(1).max(65535);
const decisions = z.object({
  ports: z.object({ gateway: port, tenant: port, api: port }),
  passphrase: z.string(),
  managementSecret: z.string(),
});

const preferred = { gateway: 8080, tenant: 8443, api: 6443 } as const;

/** The file of the decisions. */
const file = (layout: Pick<Layout, "state">) => join(layout.state, "decisions.json");

/** The decisions of an earlier run, if there was one. */
export function knownDecisions(layout: Layout): Decisions | undefined {
  const text = readIfThere(file(layout));
  if (text === undefined) return undefined;
  const known = decisions.safeParse(parseJson(text));
  if (!known.success)
    throw new UserError(
      `${file(layout)} is damaged: run "${commandLine("sandbox", ["down"])}" and start again`,
    );
  return known.data;
}

/** The decisions if nothing is known and every preferred port is free. */
export const provisional: Decisions = { ports: preferred, passphrase: "", managementSecret: "-" };

/**
 * The decisions of an earlier run, or new ones: the preferred ports if they are free and no other clone has chosen
 * them, otherwise the next free ones.
 * @param binding whether earlier decisions stay even if their ports are in use: something was made with them
 */
export async function decide(layout: Layout, binding = true): Promise<Decisions> {
  const known = knownDecisions(layout);
  if (known !== undefined && (binding || (await areFree(known)))) return known;
  const others = decidedElsewhere(layout);
  const gateway = await freePort(preferred.gateway, ...others);
  const tenant = await freePort(preferred.tenant, gateway, ...others);
  const api = await freePort(preferred.api, gateway, tenant, ...others);
  const made: Decisions = {
    ports: { gateway, tenant, api },
    passphrase: known?.passphrase ?? randomBytes(24).toString("base64url"),
    managementSecret: known?.managementSecret ?? randomBytes(24).toString("base64url"),
  };
  // Without the passphrase the secrets in Pulumi's state cannot be read.
  writePrivate(file(layout), JSON.stringify(made, undefined, 2), { durable: true });
  return made;
}

/**
 * Keeps other sandboxes from the chosen ports until this process ends: the programs that listen on them start later
 * than another sandbox may choose.
 */
export async function hold({ ports }: Decisions): Promise<void> {
  // A name that another process holds is reserved already.
  for (const one of Object.values(ports))
    if (await listens(createServer().unref(), holder(one))) held.add(one);
}

/** The ports that this process holds: free for itself. */
const held = new Set<number>();

/** An abstract socket: the kernel releases it however its process ends, and it leaves no file. */
const holder = (port: number) => ({ path: `\0istio-auth0-port-${port}` });

/**
 * The ports that differ from the preferred ones, each in a few words.
 * @param before the earlier decisions, which the user knows
 */
export function unusualPorts({ ports }: Decisions, before: Decisions | undefined): string[] {
  const names = Object.keys(preferred) as (keyof typeof preferred)[];
  return names
    .filter((name) => ![preferred[name], before?.ports[name]].includes(ports[name]))
    .map((name) => `${name} at ${ports[name]}, since ${preferred[name]} is taken`);
}

async function areFree({ ports }: Decisions): Promise<boolean> {
  const free = await Promise.all(Object.values(ports).map(isLeft));
  return free.every((one) => one);
}

/** The ports that other clones have chosen, whether or not they run now. */
function decidedElsewhere({ state }: Layout): number[] {
  const home = dirname(state);
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .map((entry) => join(home, entry, basename(file({ state }))))
    .filter((path) => path !== file({ state }))
    .flatMap((path) => {
      const other = decisions.safeParse(parseJson(readIfThere(path) ?? ""));
      return other.success ? Object.values(other.data.ports) : [];
    });
}

/** How long another clone may take to choose its ports, in milliseconds. */
const timeoutMs = 10_000;

/** Runs something while no other clone on this machine does the same, such as choosing ports. */
export async function alone<Result>(act: () => Promise<Result>): Promise<Result> {
  const lock = createServer();
  // An abstract socket, as for a port: it needs no clean-up.
  const path = `\0istio-auth0-${process.getuid?.() ?? 0}`;
  if (!(await isTrueWithin(timeoutMs, () => listens(lock, { path })))) {
    throw new UserError("another sandbox is choosing its ports: try again");
  }
  try {
    return await act();
  } finally {
    lock.close();
  }
}

function listens(server: Server, place: ListenOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = () => {
      resolve(false);
    };
    server.once("error", refused);
    server.listen(place, () => {
      server.off("error", refused);
      resolve(true);
    });
  });
}

/** How many ports above the preferred one are tried. */
const attempts = 100;

async function freePort(from: number, ...taken: number[]): Promise<number> {
  for (let candidate = from; candidate < from + attempts; candidate += 1) {
    if (!taken.includes(candidate) && (await isLeft(candidate))) return candidate;
  }
  throw new UserError(`no port of 127.0.0.1 is free from ${from} to ${from + attempts - 1}`);
}

/** Whether a port of 127.0.0.1 is free: no process listens there. */
export async function isFree(candidate: number): Promise<boolean> {
  return isOurs({ port: candidate, host: "127.0.0.1" });
}

/** Whether a port is free, and no other sandbox that starts has chosen it. */
async function isLeft(candidate: number): Promise<boolean> {
  return (await isFree(candidate)) && (held.has(candidate) || (await isOurs(holder(candidate))));
}

/** Whether this process can listen there. It stops listening again. */
async function isOurs(place: ListenOptions): Promise<boolean> {
  const server = createServer();
  if (!(await listens(server, place))) return false;
  return new Promise((resolve) => {
    server.close(() => {
      resolve(true);
    });
  });
}
