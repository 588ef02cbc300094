/** A whole stack: tenant, mesh and cluster, and the outputs that describe them. */
import { rm } from "node:fs/promises";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { application as bookinfo } from "../../../../../application";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import { tokenChecksOf } from "../../../../../commands/verify/plan/expectations";
import { type ObjectsByKind, objectsAskedOf } from "../../../../../commands/stack/asked";
import { pluralOf } from "../../../../../commands/stack/objects";
import { startAuthority } from "./authority";
import { startCluster } from "./cluster";
import type { Cluster, ClusterOptions } from "./cluster";
import { startMesh } from "./mesh";
import { meshWide } from "./workloads";
import type { Mesh, MeshOptions } from "./mesh";
import { startTenant } from "./tenant";
import type { Tenant } from "./tenant";

export interface Stack {
  readonly tenant: Tenant;
  readonly mesh: Mesh;
  readonly cluster: Cluster;
  /** What the cluster was started with. */
  readonly clusterOptions: ClusterOptions;
  readonly outputs: StackOutputs;
  /** File with the tenant's private keys. */
  readonly signingKey: string;
  close(): Promise<void>;
}

export interface StackOptions extends Pick<
  MeshOptions,
  | "audienceChecked"
  | "fromHeaders"
  | "strict"
  | "allowNothing"
  | "checks"
  | "clients"
  | "recording"
  | "copied"
  | "lost"
> {
  /** Where tokens are checked, and whose count. Default: at every service, the provider's alone. */
  readonly authentication?: StackOutputs["authentication"];
  /** What the tenant really grants, where that is not what was configured. */
  readonly granted?: Readonly<Record<string, readonly string[]>>;
  /** What a pod has logged, of what its service has. Default: all of it. */
  readonly log?: (
    pod: string,
    lines: readonly string[],
  ) => ReturnType<NonNullable<ClusterOptions["log"]>>;
}

const details = "read:book-details";
const reviews = "read:book-reviews";

export const viewers: StackOutputs["viewers"] = {
  users: [
    { email: "nobody@bookinfo.example", roles: [] },
    { email: "user@bookinfo.example", roles: ["user"] },
    { email: "moderator@bookinfo.example", roles: ["moderator"] },
  ],
  machines: [
    { name: "catalogue", permissions: [details] },
    { name: "reporting", permissions: [details, reviews] },
  ],
};

/** As in a stack whose configuration says nothing of it. */
export const authentication: StackOutputs["authentication"] = {
  at: "namespace",
  required: false,
  clients: "listed",
  issuers: [],
};

/** As in Bookinfo's sandbox, but for the Services of single versions. */
export const routing: StackOutputs["routing"] = {
  egress: "REGISTRY_ONLY",
  imports: [],
  // The cluster of these tests has no such policies.
  admission: false,
  traffic: Object.keys(bookinfo.services).map((service) => {
    const shares: Record<string, number> =
      service === "reviews" ? { v1: 34, v2: 33, v3: 33 } : { v1: 100 };
    return { service, shares };
  }),
};

/** What the stack asks for, as a cluster has it. */
function asked(objects: ObjectsByKind): ClusterOptions["policies"] {
  return Object.fromEntries(
    Object.entries(objects).map(([kind, all]) => [pluralOf(kind), all] as const),
  );
}

export async function startStack({
  granted,
  log = (_pod, lines) => lines.join("\n"),
  authentication: configured = authentication,
  ...meshOptions
}: StackOptions = {}): Promise<Stack> {
  const audience = "https://bookinfo.io";
  const passwords = {
    "nobody@bookinfo.example": "n+pass&word",
    "user@bookinfo.example": "u-pass",
    "moderator@bookinfo.example": "m-pass",
  };
  // The gateway's port is chosen only after the tenant's, which its mesh has to know.
  const callbackHost = { callback: "" };
  const tenant = await startTenant({
    get callback() {
      return callbackHost.callback;
    },
    passwords,
    clients: { "id-web": "web-secret", "id-catalogue": "c-secret", "id-reporting": "r-secret" },
    permissions: {
      "user@bookinfo.example": [details],
      "moderator@bookinfo.example": [details, reviews],
      "id-catalogue": [details],
      "id-reporting": [details, reviews],
      ...granted,
    },
  });
  const { issuer, jwksUri, published } = tenant;
  const clientIds = {
    web: "id-web",
    machines: { catalogue: "id-catalogue", reporting: "id-reporting" },
  };
  const mesh = await startMesh({
    issuer,
    audience,
    keys: published,
    checks: tokenChecksOf({ audience, authentication: configured }),
    clients:
      configured.clients === "listed"
        ? [clientIds.web, ...Object.values(clientIds.machines)]
        : undefined,
    ...meshOptions,
  });
  callbackHost.callback = `${mesh.gatewayUrl}/oauth2/callback`;
  const accepted = { issuer, jwksUri, audience, permissionsClaim: ["permissions"] };
  const recognized = { ...accepted, clientIds, authentication: configured };
  const policies = asked(
    objectsAskedOf(bookinfo, { ...recognized, routing, gatewayUrl: mesh.gatewayUrl }),
  );
  const authority = await startAuthority();
  const clusterOptions: ClusterOptions = {
    authority,
    run: (pod) => mesh.run(pod),
    workloads: mesh.workloads,
    log: (pod) => log(pod, mesh.logs.get(pod.split("-")[0] ?? "") ?? []),
    policies: {
      ...policies,
      deployments: [meshWide.istiod],
      mutatingwebhookconfigurations: [meshWide.injector],
    },
    namespaces: [bookinfo.namespace],
    meshConfig: meshWide.meshConfig,
  };
  const cluster = await startCluster(clusterOptions);
  const directory = await mkdtemp(join(tmpdir(), "verify-test-"));
  const signingKey = join(directory, "keys.json");
  await writeFile(signingKey, JSON.stringify(tenant.privateKeys), { mode: 0o600 });
  return {
    tenant,
    mesh,
    cluster,
    clusterOptions,
    signingKey,
    outputs: {
      gatewayUrl: mesh.gatewayUrl,
      ...recognized,
      clientSecrets: {
        web: "web-secret",
        machines: { catalogue: "c-secret", reporting: "r-secret" },
      },
      userPasswords: passwords,
      kubeconfig: cluster.kubeconfig,
      certificateAuthority: tenant.certificateAuthority,
      viewers,
      routing,
      accepted: [],
    },
    async close() {
      authority.close();
      await Promise.all([tenant.close(), mesh.close(), cluster.close()]);
      await rm(directory, { recursive: true });
    },
  };
}
