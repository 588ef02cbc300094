import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { realmOptionsSchema, type RealmOptions } from "./realm/options";

const domain = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$/, "must be a host name, or HOST:PORT");

const optionsSchema = z.strictObject({
  domain,
  customDomain: domain.optional(),
  listen: z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65535) }),
  stateDirectory: z.string().startsWith("/", "must be an absolute path"),
  management: z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }),
  requestsPerSecond: z.int().min(1).optional(),
  realm: realmOptionsSchema.optional(),
});

/** The options that a tenant is started with. */
export interface TenantOptions {
  /** The tenant's name in every URL: a host, or HOST:PORT. With `listen.port` 0 it becomes localhost:PORT. */
  readonly domain: string;
  /** Another name under which it answers. With `listen.port` 0 it also gets that port. Default: none. */
  readonly customDomain?: string | undefined;
  /** The address to listen on; port 0 selects a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The folder of keys, certificates and state (mode 0700); it is created if it is missing. Absolute. */
  readonly stateDirectory: string;
  /** The client that may call the whole Management API; each start creates it or sets its secret. */
  readonly management: { readonly clientId: string; readonly clientSecret: string };
  /** The Management API's limit. Default: 1000. */
  readonly requestsPerSecond?: number | undefined;
  /** A plain OpenID Connect provider in addition to the tenant. Default: none. */
  readonly realm?: RealmOptions | undefined;
}

/**
 * Reads the options file.
 *
 * @throws Error with one line that says what is wrong with the file and never quotes it
 */
export async function readOptions(path: string): Promise<TenantOptions> {
  const { mode, text } = await readWithMode(path);
  if ((mode & 0o077) !== 0)
    throw new Error(`${path} holds a secret and others may read it: chmod 600 ${path}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the file, which contains a secret.
    throw new Error(`${path} is not JSON`);
  }
  const result = optionsSchema.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path: key, message }) => `${key.join(".") || "the whole"}: ${message}`,
  );
  throw new Error(`${path}: ${problems.join("; ")}`);
}

async function readWithMode(path: string): Promise<{ mode: number; text: string }> {
  try {
    const { mode } = await stat(path);
    return { mode, text: await readFile(path, "utf8") };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot read the options file: ${reason}`, { cause: error });
  }
}
