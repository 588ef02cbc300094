/** A certificate for 127.0.0.1 that signs itself. */
import { randomUUID, webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

export async function makeCertificate(): Promise<Certificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // A name of its own: a trusted certificate is looked up by it.
      name: `CN=test ${randomUUID()}`,
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
        new x509.BasicConstraintsExtension(true),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: made.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}
