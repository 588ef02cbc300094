/** The mesh's own authority: it issues certificates over gRPC to who brings a service account's token, as istiod does. */
import { webcrypto } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { BinaryReader, BinaryWriter } from "google-protobuf";

export interface Authority {
  /** PEM. */
  readonly root: string;
  /** Of this machine. */
  readonly port: number;
  /** Its own certificate and key, PEM: of no workload, but of a host. */
  readonly host: { readonly certificate: string; readonly key: string };
  /** A token for the authority, as the API server issues it. */
  tokenOf(namespace: string, account: string): string;
  close(): void;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validity = () => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 3_600_000),
});

export async function startAuthority(): Promise<Authority> {
  const generate = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const keys = await generate();
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "O=cluster.local",
      keys,
      signingAlgorithm: algorithm,
      ...validity(),
      extensions: [new x509.BasicConstraintsExtension(true)],
    },
    webcrypto,
  );
  const sign = (
    publicKey: webcrypto.CryptoKey | x509.PublicKey,
    type: "dns" | "url",
    value: string,
  ) =>
    x509.X509CertificateGenerator.create(
      {
        issuer: root.subject,
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        ...validity(),
        extensions: [new x509.SubjectAlternativeNameExtension([{ type, value }])],
      },
      webcrypto,
    );
  const tokens = new Map<string, string>();
  const own = await generate();
  const hostCertificate = await sign(own.publicKey, "dns", "istiod.istio-system.svc");
  const hostKey = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
  const host = {
    certificate: hostCertificate.toString("pem"),
    key: x509.PemConverter.encode(hostKey, "PRIVATE KEY"),
  };
  const server = new grpc.Server();
  server.addService(
    {
      createCertificate: {
        path: "/istio.v1.auth.IstioCertificateService/CreateCertificate",
        requestStream: false,
        responseStream: false,
        requestSerialize: (text: string) => Buffer.from(text),
        requestDeserialize: readRequest,
        responseSerialize: writeChain,
        responseDeserialize: () => undefined,
      },
    },
    {
      createCertificate: (
        call: grpc.ServerUnaryCall<string, readonly string[]>,
        answer: grpc.sendUnaryData<readonly string[]>,
      ) => {
        const bearer = String(call.metadata.get("authorization")[0]).replace("Bearer ", "");
        const account = tokens.get(bearer);
        if (account === undefined) {
          answer({ code: grpc.status.UNAUTHENTICATED, details: "request authenticate failure" });
          return;
        }
        const { publicKey } = new x509.Pkcs10CertificateRequest(call.request);
        sign(publicKey, "url", `spiffe://cluster.local/ns/${account.replace("/", "/sa/")}`).then(
          (issued) => {
            answer(null, [`${issued.toString("pem")}\n`, `${root.toString("pem")}\n`]);
          },
          (error: unknown) => {
            answer({ code: grpc.status.INTERNAL, details: String(error) });
          },
        );
      },
    },
  );
  const credentials = grpc.ServerCredentials.createSsl(null, [
    { cert_chain: Buffer.from(host.certificate), private_key: Buffer.from(host.key) },
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    root: root.toString("pem"),
    port,
    host,
    tokenOf(namespace, account) {
      const token = `token ${tokens.size} of ${namespace}/${account}`;
      tokens.set(token, `${namespace}/${account}`);
      return token;
    },
    close: () => {
      server.forceShutdown();
    },
  };
}

function readRequest(bytes: Buffer): string {
  const message = new BinaryReader(bytes);
  let request = "";
  while (message.nextField()) {
    if (message.getFieldNumber() === 1) request = message.readString();
    else message.skipField();
  }
  return request;
}

function writeChain(chain: readonly string[]): Buffer {
  const message = new BinaryWriter();
  message.writeRepeatedString(1, [...chain]);
  return Buffer.from(message.getResultBuffer());
}
