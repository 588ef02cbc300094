import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "./failure";
import { parseJson, readIfThere, writePrivate } from "./files";
import type { Layout } from "./layout";

/** What is decided once for a clone's sandbox and stays until `down`. */
export interface Decisions {
  /** Ports of 127.0.0.1. */
  readonly ports: { readonly gateway: number; readonly tenant: number; readonly api: number };
  /** Protects the secrets in Pulumi's state. */
  readonly passphrase: string;
  /** The client that may manage the tenant. */
  readonly managementSecret: string;
}

const port = z.number().int().min(1).max(65535);
const decisions = z.object({
  ports: z.object({ gateway: port, tenant: port, api: port }),
  passphrase: z.string(),
  managementSecret: z.string(),
});

const preferred = { gateway: 8080, tenant: 8443, api: 6443 } as const;

/** Where the decisions are kept. */
const file = (layout: Layout) => join(layout.state, "decisions.json");

/** The decisions of an earlier run, if there was one. */
export function knownDecisions(layout: Layout): Decisions | undefined {
  const text = readIfThere(file(layout));
  if (text === undefined) return undefined;
  const known = decisions.safeParse(parseJson(text));
  if (!known.success)
    throw new Failure(`${file(layout)} is damaged: run "npm run sandbox -- down" and start again`);
  return known.data;
}

/** The decisions of an earlier run, or new ones: the usual ports where they are free, the next free ones otherwise. */
export async function decide(layout: Layout): Promise<Decisions> {
  const known = knownDecisions(layout);
  if (known !== undefined) return known;
  const gateway = await freePort(preferred.gateway);
  const tenant = await freePort(preferred.tenant, gateway);
  const api = await freePort(preferred.api, gateway, tenant);
  const made: Decisions = {
    ports: { gateway, tenant, api },
    passphrase: randomBytes(24).toString("base64url"),
    managementSecret: randomBytes(24).toString("base64url"),
  };
  writePrivate(file(layout), JSON.stringify(made, undefined, 2));
  return made;
}

/** How many ports above the preferred one are tried. */
const attempts = 100;

async function freePort(from: number, ...taken: number[]): Promise<number> {
  for (let candidate = from; candidate < from + attempts; candidate += 1) {
    if (!taken.includes(candidate) && (await isFree(candidate))) return candidate;
  }
  throw new Failure(`no port of 127.0.0.1 is free from ${from} to ${from + attempts - 1}`);
}

/** Whether nobody listens on a port of 127.0.0.1. */
export function isFree(candidate: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(candidate, "127.0.0.1", () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
