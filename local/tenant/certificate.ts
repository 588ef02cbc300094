import "reflect-metadata"; // @peculiar/x509 needs it before it is loaded

import * as x509 from "@peculiar/x509";
import type { webcrypto } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";

import { readIfPresent, replaceFile } from "./jsonFile";

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
// Browsers and Apple's libraries refuse server certificates that are valid for longer than 825 days.
const serverDays = 397;
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
  const authority = await loadOrCreate(stateDirectory, "ca", isAuthority, createAuthority);
  const root = new x509.X509Certificate(authority.certificate);
  await loadOrCreate(
    stateDirectory,
    "server",
    (certificate) => isServer(certificate, hosts, root),
    () => createServer(hosts, authority),
  );
  return authority.certificate;
}

/** The server's certificate and key; `certificateAuthority` makes them where they are missing. */
export async function serverIdentity(
  stateDirectory: string,
  hosts: readonly string[],
): Promise<ServerIdentity> {
  await certificateAuthority(stateDirectory, hosts);
  const identity = await load(stateDirectory, "server");
  if (identity === undefined) throw new Error(`${stateDirectory}/server.crt has gone missing`);
  return identity;
}

async function load(directory: string, name: string): Promise<ServerIdentity | undefined> {
  const certificate = await readIfPresent(join(directory, `${name}.crt`));
  const key = await readIfPresent(join(directory, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function loadOrCreate(
  directory: string,
  name: string,
  isGood: (certificate: x509.X509Certificate) => boolean | Promise<boolean>,
  create: () => Promise<ServerIdentity>,
): Promise<ServerIdentity> {
  const existing = await load(directory, name);
  if (existing !== undefined && (await isGood(new x509.X509Certificate(existing.certificate))))
    return existing;
  const created = await create();
  // The key first: a certificate is only ever found beside its key.
  await replaceFile(join(directory, `${name}.key`), created.key);
  await replaceFile(join(directory, `${name}.crt`), created.certificate);
  return created;
}

function isFresh(certificate: x509.X509Certificate): boolean {
  return certificate.notAfter.getTime() > Date.now() + renewalDays * day;
}

function isAuthority(certificate: x509.X509Certificate): boolean {
  return isFresh(certificate);
}

async function isServer(
  certificate: x509.X509Certificate,
  hosts: readonly string[],
  root: x509.X509Certificate,
): Promise<boolean> {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  return (
    isFresh(certificate) &&
    hosts.every((host) => names.some((name) => name.value === host)) &&
    (await certificate.verify({ publicKey: root, signatureOnly: true }))
  );
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  // An hour back, for machines whose clocks disagree a little.
  return {
    notBefore: new Date(Date.now() - day / 24),
    notAfter: new Date(Date.now() + days * day),
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function exportCertificate(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

async function createAuthority(): Promise<ServerIdentity> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=istio-auth0 sandbox tenant CA",
    keys,
    ...validity(authorityDays),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: exportCertificate(certificate), key: await exportKey(keys.privateKey) };
}

async function createServer(
  hosts: readonly string[],
  authority: ServerIdentity,
): Promise<ServerIdentity> {
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(authority.key),
    keyAlgorithm,
    false,
    ["sign"],
  );
  const names = [...new Set([...hosts, "localhost", "127.0.0.1"])];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${hosts[0] ?? "localhost"}`,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    ...validity(serverDays),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: exportCertificate(certificate), key: await exportKey(keys.privateKey) };
}
