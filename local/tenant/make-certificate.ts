/** Makes the tenant's certificates. */
import "reflect-metadata"; // @peculiar/x509 needs it before it is loaded

import * as x509 from "@peculiar/x509";
import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";

import type { ServerIdentity } from "./certificate";

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
// Browsers and Apple's libraries refuse server certificates that are valid for longer than 825 days.
const serverDays = 397;

function validity(days: number): { notBefore: Date; notAfter: Date } {
  // An hour back, for machines whose clocks differ a little.
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

/** The certificate authority. */
export async function createAuthority(): Promise<ServerIdentity> {
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

/** A certificate for the server of these hosts. */
export async function createServer(
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
