/**
 * Istio's security objects, in a strict shape. The names of unknown fields are kept: a decision that depends on such an
 * object is unknown, and is never made as if the field were not there.
 *
 * Shapes: istio/api, security/v1beta1/{authorization_policy,request_authentication,peer_authentication}.proto.
 */
import type { Application } from "../../components/application";
import { z } from "zod";

const strings = z.array(z.string()).default([]);
const selector = z.strictObject({ matchLabels: z.record(z.string(), z.string()).default({}) });
/** For gateways of the Gateway API and for waypoints; the contents of a reference are not read. */
const target = z.looseObject({});
const targets = { targetRef: target.optional(), targetRefs: z.array(target).default([]) };

const source = z.strictObject({
  principals: strings,
  notPrincipals: strings,
  requestPrincipals: strings,
  notRequestPrincipals: strings,
  namespaces: strings,
  notNamespaces: strings,
  serviceAccounts: strings,
  notServiceAccounts: strings,
  ipBlocks: strings,
  notIpBlocks: strings,
  remoteIpBlocks: strings,
  notRemoteIpBlocks: strings,
  trustDomains: strings,
  notTrustDomains: strings,
});

const operation = z.strictObject({
  hosts: strings,
  notHosts: strings,
  ports: strings,
  notPorts: strings,
  methods: strings,
  notMethods: strings,
  paths: strings,
  notPaths: strings,
});

const rule = z.strictObject({
  from: z.array(z.strictObject({ source: source.optional() })).default([]),
  to: z.array(z.strictObject({ operation: operation.optional() })).default([]),
  when: z
    .array(z.strictObject({ key: z.string(), values: strings, notValues: strings }))
    .default([]),
});

const authorization = z.strictObject({
  selector: selector.optional(),
  ...targets,
  action: z.enum(["ALLOW", "DENY", "AUDIT", "CUSTOM"]).default("ALLOW"),
  provider: z.strictObject({ name: z.string() }).optional(),
  rules: z.array(rule).default([]),
});

const jwtRule = z.strictObject({
  issuer: z.string().default(""),
  audiences: strings,
  jwksUri: z.string().default(""),
  jwks: z.string().default(""),
  fromHeaders: z
    .array(z.strictObject({ name: z.string(), prefix: z.string().default("") }))
    .default([]),
  fromParams: strings,
  fromCookies: strings,
  outputPayloadToHeader: z.string().default(""),
  outputClaimToHeaders: z
    .array(z.strictObject({ header: z.string(), claim: z.string() }))
    .default([]),
  forwardOriginalToken: z.boolean().default(false),
  spaceDelimitedClaims: strings,
  // How long istiod waits for the keys.
  timeout: z.string().optional(),
});

const requestAuthentication = z.strictObject({
  selector: selector.optional(),
  ...targets,
  jwtRules: z.array(jwtRule).default([]),
});

const mode = z.strictObject({
  mode: z.enum(["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]).default("UNSET"),
});
const peerAuthentication = z.strictObject({
  selector: selector.optional(),
  mtls: mode.optional(),
  portLevelMtls: z.record(z.string(), mode).default({}),
});

export type AuthorizationSpec = z.infer<typeof authorization>;
export type Rule = z.infer<typeof rule>;
export type RequestAuthenticationSpec = z.infer<typeof requestAuthentication>;
export type JwtRule = z.infer<typeof jwtRule>;
export type PeerAuthenticationSpec = z.infer<typeof peerAuthentication>;

/** One object of the cluster. */
export interface Policy<Spec> {
  readonly kind: "PeerAuthentication" | "RequestAuthentication" | "AuthorizationPolicy";
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch: of several PeerAuthentications the oldest applies. */
  readonly created: number;
  /** Annotated as a dry run: it decides nothing. */
  readonly dryRun: boolean;
  /** Labels that a workload must have; none: all workloads. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it names gateways or waypoints, and so applies to no workload with a sidecar. */
  readonly targeted: boolean;
  /** undefined if the object has unknown fields. */
  readonly spec: Spec | undefined;
  /** The names of these fields. */
  readonly unknown: readonly string[];
}

/** The parts of the mesh's configuration that affect decisions. */
export interface Mesh {
  /** A policy of this namespace applies to every namespace. */
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  /** The names of the authorizers that a CUSTOM policy may name. */
  readonly authorizers: readonly string[];
  /** How a path is normalized before it is compared. */
  readonly pathNormalization: "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";
}

/** Everything that decides about requests, of all namespaces. */
export interface Policies {
  /** The application whose services, permissions and roles the advice names. */
  readonly application: Application;
  readonly mesh: Mesh;
  /** The stack's clients at the provider: their names by their ids. */
  readonly clients: Readonly<Record<string, string>>;
  readonly peerAuthentications: readonly Policy<PeerAuthenticationSpec>[];
  readonly requestAuthentications: readonly Policy<RequestAuthenticationSpec>[];
  readonly authorizationPolicies: readonly Policy<AuthorizationSpec>[];
}

/** A client's name and id, if the stack knows it; otherwise the id. */
export function clientNamed(id: string, names: Readonly<Record<string, string>>): string {
  const name = names[id];
  return name === undefined ? id : `${name} (${id})`;
}

/** The objects as the API server returns them. */
export interface PolicyObjects {
  readonly peerAuthentications: readonly unknown[];
  readonly requestAuthentications: readonly unknown[];
  readonly authorizationPolicies: readonly unknown[];
  /** The mesh's configuration as an object; default: Istio's own defaults. */
  readonly meshConfig?: unknown;
  /** Names of clients by their ids. Default: messages use the ids. */
  readonly clients?: Readonly<Record<string, string>>;
}

/** Istio's defaults (istio/istio, pkg/config/mesh/mesh.go, DefaultMeshConfig). */
const meshConfig = z.object({
  rootNamespace: z.string().default("istio-system"),
  trustDomain: z.string().default("cluster.local"),
  trustDomainAliases: strings,
  extensionProviders: z
    .array(
      z.object({
        name: z.string().default(""),
        envoyExtAuthzHttp: z.unknown().optional(),
        envoyExtAuthzGrpc: z.unknown().optional(),
      }),
    )
    .default([]),
  pathNormalization: z
    .object({
      normalization: z
        .enum(["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"])
        .default("DEFAULT"),
    })
    .default({ normalization: "DEFAULT" }),
});

const metadata = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    creationTimestamp: z.coerce.date().default(new Date(0)),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({}).default({}),
});

/** The fields that select workloads, for an object of any kind. */
const selecting = z.object({
  selector: z
    .object({ matchLabels: z.record(z.string(), z.string()).catch({}) })
    .catch({ matchLabels: {} }),
  targetRef: z.unknown().optional(),
  targetRefs: z.array(z.unknown()).catch([]),
});

/**
 * Converts the objects to their shapes.
 * @throws ZodError if an object is not one of Kubernetes', or the mesh's configuration is malformed
 */
export function parsePolicies(application: Application, objects: PolicyObjects): Policies {
  const { pathNormalization, extensionProviders, ...mesh } = meshConfig.parse(
    objects.meshConfig ?? {},
  );
  const { normalization } = pathNormalization;
  // Other providers collect traces and logs.
  const authorizers = extensionProviders
    .filter((one) => (one.envoyExtAuthzHttp ?? one.envoyExtAuthzGrpc) !== undefined)
    .map(({ name }) => name);
  return {
    application,
    clients: objects.clients ?? {},
    mesh: {
      ...mesh,
      authorizers,
      pathNormalization: normalization === "DEFAULT" ? "BASE" : normalization,
    },
    peerAuthentications: objects.peerAuthentications.map((object) =>
      parsePolicy("PeerAuthentication", peerAuthentication, object),
    ),
    requestAuthentications: objects.requestAuthentications.map((object) =>
      parsePolicy("RequestAuthentication", requestAuthentication, object),
    ),
    authorizationPolicies: objects.authorizationPolicies.map((object) =>
      parsePolicy("AuthorizationPolicy", authorization, object),
    ),
  };
}

function parsePolicy<Spec>(
  kind: Policy<Spec>["kind"],
  shape: z.ZodType<Spec>,
  object: unknown,
): Policy<Spec> {
  const { metadata: head, spec } = metadata.parse(object);
  const { selector: selected, targetRef, targetRefs } = selecting.parse(spec);
  const parsed = shape.safeParse(spec);
  return {
    kind,
    namespace: head.namespace,
    name: head.name,
    created: head.creationTimestamp.getTime(),
    dryRun: isTrue(head.annotations["istio.io/dry-run"]),
    labels: selected.matchLabels,
    targeted: targetRef !== undefined || targetRefs.length > 0,
    spec: parsed.data,
    unknown: parsed.success ? [] : parsed.error.issues.flatMap(fieldsOf),
  };
}

function fieldsOf(issue: z.core.$ZodIssue): string[] {
  const path = ["spec", ...issue.path].join(".");
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => `${path}.${key}`) : [path];
}

/** As Go's strconv.ParseBool reads it, which istiod uses for the annotation. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["1", "t", "T", "TRUE", "true", "True"].includes(text);
}

/** An object's name in a sentence. */
export function nameOf({ kind, namespace, name }: Policy<unknown>): string {
  return `${kind} ${namespace}/${name}`;
}
