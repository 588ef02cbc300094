/**
 * Workloads' identities: certificates that the mesh's own authority issues for service accounts, as it does for each
 * sidecar. With one of them the probe speaks the mesh's mutual TLS itself, and its request is judged as that
 * workload's.
 */
import "reflect-metadata"; // @peculiar/x509 needs it before it is loaded
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import * as grpc from "@grpc/grpc-js";
import {
  type AuthenticationV1TokenRequest,
  CoreV1Api,
  type KubeConfig,
  PortForward,
} from "@kubernetes/client-node";
import * as x509 from "@peculiar/x509";
import { BinaryReader, BinaryWriter } from "google-protobuf";
import { namespaces, type ServiceAccountName } from "../../../components/names";
import { explained, loadCluster, unlessMissing } from "../../stack/cluster";
import { UserError, firstLine } from "../../../lib/errors";
import { everyOne, unlessAborted, pollUntil } from "../../../lib/poll";
import { isReady } from "../../stack/pods";
import type { Plain } from "../../stack/cluster";

/** A certificate and what belongs to it: PEM texts. */
export interface Identity {
  /** The certificate, and those between it and the authority. */
  readonly certificate: string;
  readonly key: string;
  /** The mesh's authority, with which every workload of the mesh is checked. */
  readonly authority: string;
}

/** A service account's name in maps and in words. */
export function accountName({ namespace, name }: ServiceAccountName): string {
  return `${namespace}/${name}`;
}

/** By `accountName`. */
export type Identities = ReadonlyMap<string, Identity>;

/** @throws UserError if none was issued */
export function identityOf(account: ServiceAccountName, identities: Identities): Identity {
  const identity = identities.get(accountName(account));
  if (identity === undefined)
    throw new UserError(`no certificate was issued for service account ${accountName(account)}`);
  return identity;
}

/** Seconds that tokens and certificates are valid; the API server issues no token for less. */
const lifetime = 600;
/** Milliseconds to wait for a service account. */
const accountDeadline = 5_000;

/** The audience of tokens for the mesh's authority, and the port at which it listens (Istio's `--caAddress`). */
const audience = "istio-ca";
const authorityPort = 15012;
const authorityHost = `istiod.${namespaces.mesh}.svc`;
const createCertificate = "/istio.v1.auth.IstioCertificateService/CreateCertificate";

/** The ConfigMap in each namespace from which workloads read the mesh's authority. */
const rootConfigMap = { name: "istio-ca-root-cert", key: "root-cert.pem" };

/**
 * An identity of each service account.
 *
 * The caller needs the right to create tokens of these service accounts, and to forward ports to istiod's pods.
 * @param kubeconfig the file's content
 * @param deadline milliseconds that the authority may take. Default: 15 000
 * @throws UserError if the cluster or the mesh's authority refuses
 */
export async function issueIdentities(
  kubeconfig: string,
  accounts: readonly ServiceAccountName[],
  signal: AbortSignal,
  deadline = 15_000,
): Promise<Identities> {
  const cluster = loadCluster(kubeconfig);
  const api = cluster.makeApiClient(CoreV1Api);
  const [authority, pod] = await unlessAborted(
    Promise.all([rootOf(api), authorityPod(api)]),
    signal,
  );
  const tunnel = await openTunnel(cluster, pod);
  const client = new grpc.Client(
    `127.0.0.1:${tunnel.port}`,
    grpc.credentials.createSsl(Buffer.from(authority)),
    // The tunnel ends on this machine, so no proxy is used.
    { "grpc.ssl_target_name_override": authorityHost, "grpc.enable_http_proxy": 0 },
  );
  try {
    const issued = everyOne(
      accounts.map(async (account) => {
        const token = await tokenOf(api, account, signal);
        return [
          accountName(account),
          await issue(client, account, token, authority, deadline),
        ] as const;
      }),
    );
    return new Map(await unlessAborted(issued, signal));
  } catch (error) {
    // The reason for the closed connection says more than its end.
    throw tunnel.failure ?? error;
  } finally {
    client.close();
    tunnel.close();
  }
}

async function rootOf(api: CoreV1Api): Promise<string> {
  const { name, key } = rootConfigMap;
  const { data } = await explained(`read the mesh's authority in ConfigMap ${name}`, () =>
    api.readNamespacedConfigMap({ namespace: namespaces.mesh, name }),
  );
  const root = data?.[key];
  if (root === undefined) throw new UserError(`ConfigMap ${name} has no ${key}: is it Istio's?`);
  return root;
}

async function authorityPod(api: CoreV1Api): Promise<string> {
  const { items } = await explained("list istiod's pods", () =>
    api.listNamespacedPod({ namespace: namespaces.mesh, labelSelector: "app=istiod" }),
  );
  // A pod that is ending stays ready for a while, and accepts no new connection.
  const name = items.find((pod) => isReady(pod) && pod.metadata?.deletionTimestamp === undefined)
    ?.metadata?.name;
  if (name === undefined)
    throw new UserError(
      `no pod of istiod is ready in ${namespaces.mesh}: it issues the workloads' certificates`,
    );
  return name;
}

/** A port of this machine that leads to the authority's port, through the API server. */
async function openTunnel(
  cluster: KubeConfig,
  pod: string,
): Promise<{ readonly port: number; readonly failure: unknown; close(): void }> {
  const open = new Set<Socket>();
  let failure: unknown;
  const server = createServer((socket) => {
    open.add(socket);
    forward(cluster, pod, socket).catch((error: unknown) => {
      failure = error;
      socket.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get failure() {
      return failure;
    },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** Connects to the authority's port, in both directions; when it ends, the tunnel is closed. */
async function forward(cluster: KubeConfig, pod: string, socket: Socket): Promise<void> {
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined);
  const errors = new PassThrough().on("data", () => socket.destroy());
  const way = await explained(`forward port ${authorityPort} of istiod's pod ${pod}`, () =>
    new PortForward(cluster).portForward(
      namespaces.mesh,
      pod,
      [authorityPort],
      socket,
      errors,
      socket,
    ),
  );
  await closed;
  // Without a number of attempts it is the WebSocket itself.
  if (typeof way !== "function") way.close();
}

/** A token that only the mesh's authority accepts. An account that this run or another makes may come late. */
async function tokenOf(
  api: CoreV1Api,
  account: ServiceAccountName,
  signal: AbortSignal,
): Promise<string> {
  const body: Plain<AuthenticationV1TokenRequest> = {
    spec: { audiences: [audience], expirationSeconds: lifetime },
  };
  const create = () =>
    explained(`create a token of service account ${accountName(account)}`, () =>
      unlessMissing(() => api.createNamespacedServiceAccountToken({ ...account, body })),
    );
  const created = await pollUntil(create, { timeoutMs: accountDeadline, signal });
  if (created === undefined)
    throw new UserError(`there is no service account ${accountName(account)}: is the stack up?`);
  return created.status?.token ?? "";
}

async function issue(
  client: grpc.Client,
  account: ServiceAccountName,
  token: string,
  authority: string,
  deadline: number,
): Promise<Identity> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    // The authority takes the name from the token.
    { name: "O=istio-auth0 verify", keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const chain = await new Promise<readonly string[]>((resolve, reject) => {
    client.makeUnaryRequest(
      createCertificate,
      encodeRequest,
      decodeResponse,
      request.toString("pem"),
      metadata,
      { deadline: Date.now() + deadline },
      (error, certificates) => {
        if (certificates !== undefined) resolve(certificates);
        else reject(refused(account, error));
      },
    );
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: chain.join(""),
    key: x509.PemConverter.encode(key, "PRIVATE KEY"),
    authority,
  };
}

function refused(account: ServiceAccountName, error: grpc.ServiceError | null): UserError {
  const reason =
    error?.code === grpc.status.DEADLINE_EXCEEDED
      ? `it does not answer at port ${authorityPort}`
      : (error?.details ?? "its answer is empty");
  return new UserError(
    `istiod issues no certificate for service account ${accountName(account)}: ${firstLine(reason)}`,
  );
}

// The two messages of istio.io/api's security/v1alpha1/ca.proto, as far as they are used.

function encodeRequest(csr: string): Buffer {
  const message = new BinaryWriter();
  message.writeString(1, csr);
  message.writeInt64(3, lifetime);
  return Buffer.from(message.getResultBuffer());
}

function decodeResponse(bytes: Buffer): readonly string[] {
  const message = new BinaryReader(bytes);
  const chain: string[] = [];
  while (message.nextField()) {
    if (message.getFieldNumber() === 1) chain.push(message.readString());
    else message.skipField();
  }
  return chain;
}
