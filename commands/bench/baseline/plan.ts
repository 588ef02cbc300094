/**
 * The commands with which a user would make the same objects: taken from the state of a running stack, so that nothing
 * is written a second time.
 */
import { z } from "zod";

/** The addresses of a sandbox; those of each sandbox differ. */
const addresses = z.object({
  /** The gateway's URL. */
  gatewayUrl: z.string(),
  /** The tenant's host and port. */
  domain: z.string(),
  /** PEM of the tenant's certificate authority. */
  certificateAuthority: z.string(),
});

export type Addresses = z.infer<typeof addresses>;

const properties = z.record(z.string(), z.json());

/** A Kubernetes object, in the form for `kubectl apply`. */
const manifest = z
  .object({ apiVersion: z.string(), kind: z.string(), metadata: properties })
  .catchall(z.json());

const release = z.object({
  name: z.string(),
  namespace: z.string(),
  chart: z.string(),
  version: z.string().optional(),
  repositoryOpts: z.object({ repo: z.string() }).optional(),
  values: properties,
});

/** A resource of the tenant, with the names of Pulumi's auth0 provider. */
const tenantObject = z.object({
  /** Such as `auth0:index/role:Role`. */
  type: z.string(),
  /** The tenant generates a new id each time; later objects refer to it. */
  id: z.string(),
  inputs: properties,
});

export const planSchema = z.object({
  addresses,
  namespaces: z.array(manifest),
  releases: z.array(release),
  tenant: z.array(tenantObject),
  policies: z.array(manifest),
  services: z.array(manifest),
});

/** In the order of its fields, and of each field's items. */
export type Plan = z.infer<typeof planSchema>;
export type Manifest = z.infer<typeof manifest>;
export type Release = z.infer<typeof release>;
export type TenantObject = z.infer<typeof tenantObject>;

const stateSchema = z.object({
  deployment: z.object({
    resources: z.array(
      z.object({
        type: z.string(),
        id: z.string().optional(),
        inputs: properties.default({}),
        outputs: properties.default({}),
      }),
    ),
  }),
});

const outputsSchema = z.object({
  gatewayUrl: z.string(),
  issuer: z.url(),
  certificateAuthority: z.string(),
});

const releaseType = "kubernetes:helm.sh/v3:Release";
const namespaceType = "kubernetes:core/v1:Namespace";
const isPolicy = (type: string) => type.startsWith("kubernetes:security.istio.io/");

/**
 * The plan that makes what a stack has made.
 * @param exported what `pulumi stack export --show-secrets` printed
 */
export function planOf(exported: unknown): Plan {
  const { resources } = stateSchema.parse(exported).deployment;
  const made = resources.map(({ type, id = "", inputs, outputs }) => ({
    type,
    id,
    inputs: properties.parse(plain(inputs)),
    outputs: properties.parse(plain(outputs)),
  }));
  const stack = made.find(({ type }) => type === "pulumi:pulumi:Stack");
  const { gatewayUrl, issuer, certificateAuthority } = outputsSchema.parse(stack?.outputs);
  const manifests = (wanted: (type: string) => boolean) =>
    made
      .filter(({ type }) => type.startsWith("kubernetes:") && type !== releaseType && wanted(type))
      .map(({ inputs }) => manifest.parse(inputs));
  return {
    addresses: { gatewayUrl, domain: new URL(issuer).host, certificateAuthority },
    namespaces: manifests((type) => type === namespaceType),
    releases: made
      .filter(({ type }) => type === releaseType)
      .map(({ inputs }) => release.parse(inputs)),
    tenant: made
      .filter(({ type }) => type.startsWith("auth0:"))
      .map((object) => tenantObject.parse(object)),
    policies: manifests(isPolicy),
    services: manifests((type) => type !== namespaceType && !isPolicy(type)),
  };
}

/** How the engine writes a secret: the first key marks it, and the second has it as JSON. */
const secret = z.object({
  "4dabf18193072939515e22adb298388d": z.literal("1b47061264138c4ac30d75fd1eb44270"),
  plaintext: z.string(),
});

/** A value as the program gave it: secrets in plain text, and without what providers add themselves (`__defaults`). */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const hidden = secret.safeParse(value);
  if (hidden.success) return plain(JSON.parse(hidden.data.plaintext));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !name.startsWith("__"))
      .map(([name, part]) => [name, plain(part)]),
  );
}

/** The plan for another sandbox: the same, with the addresses of that sandbox in every text. */
export function relocated(plan: Plan, addresses: Addresses): Plan {
  const names = Object.keys(addresses) as (keyof Addresses)[];
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const text = names.reduce(
    (written, name) =>
      written.replaceAll(inJson(plan.addresses[name]), () => inJson(addresses[name])),
    JSON.stringify(plan),
  );
  return planSchema.parse(JSON.parse(text));
}
