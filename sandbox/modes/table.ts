/**
 * The modes in which the whole system is proven, one after the other on one node: the published designs, then modes
 * that no design has, and last the sandbox's own settings. Data: `verify --all-modes` runs it, and docs/designs.md
 * shows the designs.
 */
import type { Application } from "../../components/application";
import { tenantAddresses } from "../../components/identity/addresses";
import { realmAddresses } from "../../local/tenant/realm/options";

/** Settings by their paths, each value as `--set` takes it. */
export type ModeSettings = Readonly<Record<string, string>>;

export interface Mode {
  readonly name: string;
  /** Over the settings of Pulumi.sandbox.yaml. */
  readonly settings: ModeSettings;
}

/** A published design. */
export interface Design extends Mode {
  /** What it also has on a real cluster. */
  readonly elsewhere: string;
}

/** The tenant's own domain and its custom one: their ports differ from clone to clone. */
export interface TenantNames {
  readonly tenant: string;
  readonly custom: string;
}

/** The placeholder for the tenant's own domain in a setting's value. */
export const tenantPlace = "TENANT";

/** The placeholder for its custom domain. */
export const customPlace = "CUSTOM";

export const designs: readonly Design[] = [
  {
    name: "Auth0 blog 2018",
    settings: { "login.at": "application", "authentication.at": "workload" },
    elsewhere: "`cluster.kind: digitalocean`, three nodes of 8 GB",
  },
  {
    name: "Auth0 blog 2022",
    settings: { "login.at": "application", "mesh.egress": "ALLOW_ANY" },
    elsewhere: "`cluster.kind: kind`",
  },
  {
    name: "Stafford 2019",
    settings: { "authentication.at": "gateway", "authentication.required": "true" },
    elsewhere:
      "`examples/orders`; `gateway.tls`; `authentication.at` also `namespace` or `workload`",
  },
  {
    name: "The New Stack 2021",
    settings: {
      "login.at": "application",
      "authentication.at": "workload",
      "authentication.clients": "any",
    },
    elsewhere: "`gateway.tls`",
  },
  {
    name: "Elastisys",
    settings: {
      "identity.kind": "oidc",
      "login.at": "gateway",
      "login.required": "true",
      "login.sessions": "cookie",
    },
    elsewhere: "`gateway.tls.issuer` with an ACME authority",
  },
];

/** A provider in addition to the stack's own, with a claim of its own. */
const additionalIssuer = (
  { issuer, jwksUri }: { readonly issuer: string; readonly jwksUri: string },
  tokens: {
    readonly audience: string;
    readonly permissionsClaim: readonly string[];
    readonly clients: "any" | readonly string[];
  },
) => JSON.stringify([{ issuer, jwksUri, ...tokens }]);

const realmAsIssuer = additionalIssuer(realmAddresses(tenantPlace), {
  audience: "https://books.example",
  permissionsClaim: ["realm_access", "roles"],
  clients: ["web"],
});

const tenantAsIssuer = additionalIssuer(tenantAddresses({ domain: tenantPlace }), {
  audience: "https://books.example",
  permissionsClaim: ["permissions"],
  clients: "any",
});

const others: readonly Mode[] = [
  { name: "login at the gateway", settings: { "login.at": "gateway" } },
  {
    name: "required login at the gateway, tokens checked at the workloads",
    settings: {
      "login.at": "gateway",
      "login.required": "true",
      "authentication.at": "workload",
    },
  },
  {
    name: "login at the gateway with cookies, tokens checked there",
    settings: {
      "login.at": "gateway",
      "login.sessions": "cookie",
      "authentication.at": "gateway",
    },
  },
  {
    name: "login at the gateway, tokens required there",
    settings: {
      "login.at": "gateway",
      "authentication.at": "gateway",
      "authentication.required": "true",
    },
  },
  {
    name: "required login at the gateway, a second issuer",
    settings: {
      "login.at": "gateway",
      "login.required": "true",
      "authentication.issuers": realmAsIssuer,
    },
  },
  {
    name: "login in the application, tokens checked at the gateway, a second issuer",
    settings: {
      "login.at": "application",
      "authentication.at": "gateway",
      "authentication.issuers": realmAsIssuer,
    },
  },
  {
    name: "login in the application by a provider with scopes, the tenant as second issuer",
    settings: {
      "identity.kind": "oidc",
      "identity.permissionsClaim": "scope",
      "login.at": "application",
      "authentication.issuers": tenantAsIssuer,
    },
  },
  {
    name: "a custom domain, login at the gateway",
    settings: { "identity.customDomain": customPlace, "login.at": "gateway" },
  },
  { name: "a provider that is there", settings: { "identity.kind": "oidc" } },
  {
    name: "a provider that signs with ES256, permissions as words",
    settings: {
      "identity.kind": "oidc",
      "identity.issuer": realmAddresses(tenantPlace, "ES256").issuer,
      "identity.permissionsClaim": "scp",
      "identity.spaceDelimited": "true",
    },
  },
  {
    name: "a second issuer, tokens of any client required at the gateway",
    settings: {
      "authentication.at": "gateway",
      "authentication.required": "true",
      "authentication.clients": "any",
      "authentication.issuers": realmAsIssuer,
    },
  },
  {
    name: "pages of other origins, required login at the gateway",
    settings: {
      "gateway.cors.origins": '["https://app.example.com","http://localhost:3000"]',
      "login.at": "gateway",
      "login.required": "true",
    },
  },
  {
    name: "pages of another origin, tokens required at the gateway",
    settings: {
      "gateway.cors": JSON.stringify({
        origins: ["https://app.example.com"],
        methods: ["GET", "PUT"],
        exposeHeaders: ["x-total-count"],
      }),
      "authentication.at": "gateway",
      "authentication.required": "true",
    },
  },
  {
    name: "tokens checked at the workloads",
    settings: { "authentication.at": "workload" },
  },
  // Last, so that the sandbox ends as it was before.
  { name: "the sandbox's own settings", settings: {} },
];

export const modes: readonly Mode[] = [...designs, ...others];

/**
 * The modes that make sense for an application: without people there is no login, and a program of its own is not known
 * to sign people in by itself.
 */
export function modesFor({
  people,
  image,
}: Pick<Application, "people" | "image">): readonly Mode[] {
  const isLogin = (path: string) => path.startsWith("login.");
  if (!people) return modes.filter(({ settings }) => !Object.keys(settings).some(isLogin));
  return image === undefined
    ? modes
    : modes.filter(({ settings }) => settings["login.at"] !== "application");
}

/**
 * A mode's settings as the command line takes them: `SETTING=VALUE`.
 * @param names each a host, or HOST:PORT
 */
export function assignmentsOf(
  { settings }: Mode,
  { tenant, custom }: TenantNames,
): readonly string[] {
  return Object.entries(settings).map(
    ([path, value]) =>
      `${path}=${value.replaceAll(tenantPlace, tenant).replaceAll(customPlace, custom)}`,
  );
}
