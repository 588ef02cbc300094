/** The tenant's certificates, which are made if they are missing or no longer valid. */
import { X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, replaceFile } from "../../lib/files";

const day = 24 * 60 * 60 * 1000;
const renewalDays = 30;

/** The TLS identity of the tenant: PEM texts. */
export interface ServerIdentity {
  /** The server's certificate. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * The tenant's private certificate authority, as PEM; made on first use in `stateDirectory`
 * (ca.crt, ca.key), together with the server's certificate.
 *
 * @param stateDirectory the tenant's state directory; created with mode 0700 if missing
 * @param hosts the host names of the tenant's domains, without the port; its own first
 */
export async function certificateAuthority(
  stateDirectory: string,
  hosts: readonly string[],
): Promise<string> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  // The code that makes them takes long to load, so that commands that only read them do not load it.
  const make = () => import("./make-certificate.js");
  const authority = await loadOrCreate(stateDirectory, "ca", isFresh, async () =>
    (await make()).createAuthority(),
  );
  const root = new X509Certificate(authority.certificate);
  await loadOrCreate(
    stateDirectory,
    "server",
    (certificate) => isServer(certificate, hosts, root),
    async () => (await make()).createServer(hosts, authority),
  );
  return authority.certificate;
}

/** The server's certificate and key; `certificateAuthority` makes them if they are missing. */
export async function serverIdentity(
  stateDirectory: string,
  hosts: readonly string[],
): Promise<ServerIdentity> {
  await certificateAuthority(stateDirectory, hosts);
  const identity = load(stateDirectory, "server");
  if (identity === undefined) throw new Error(`${stateDirectory}/server.crt has gone missing`);
  return identity;
}

function load(directory: string, name: string): ServerIdentity | undefined {
  const certificate = readIfThere(join(directory, `${name}.crt`));
  const key = readIfThere(join(directory, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function loadOrCreate(
  directory: string,
  name: string,
  isGood: (certificate: X509Certificate) => boolean,
  create: () => Promise<ServerIdentity>,
): Promise<ServerIdentity> {
  const existing = load(directory, name);
  if (existing !== undefined && isGood(new X509Certificate(existing.certificate))) return existing;
  const created = await create();
  // The key first: where there is a certificate, there is its key.
  await replaceFile(join(directory, `${name}.key`), created.key, { durable: true });
  await replaceFile(join(directory, `${name}.crt`), created.certificate, { durable: true });
  return created;
}

function isFresh({ validToDate }: X509Certificate): boolean {
  return validToDate.getTime() > Date.now() + renewalDays * day;
}

function isServer(
  certificate: X509Certificate,
  hosts: readonly string[],
  root: X509Certificate,
): boolean {
  return (
    isFresh(certificate) &&
    hosts.every((host) => certificate.checkHost(host) !== undefined) &&
    certificate.verify(root.publicKey)
  );
}
