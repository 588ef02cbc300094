/**
 * The shape of every setting, its default, and what is expected if it is wrong: a file for each section.
 *
 * In these files an error's text is what was expected; config.ts puts the key and what was found in front of it.
 */
import { z } from "zod";
import type { Application, OwnSections } from "../application";
import { isInDomain } from "../cluster/domain";
import { hostPorts } from "../gateway/host";
import { authentication, checkClients, checkIssuers, checkRequired } from "./authentication";
import { cluster } from "./cluster";
import { checkOrigins } from "./cors";
import { gateway, type ServiceType } from "./gateway";
import { identity } from "./identity";
import { istio } from "./istio";
import { mesh } from "./mesh";
import { login } from "./login";
import { checkSpaceDelimited } from "./provider";
import { sandbox } from "./sandbox";
import { section } from "./schema";
import { verify } from "./verify";

export { login as loginSettings } from "./login";
export { sandbox as sandboxSettings } from "./sandbox";
export type { ServiceType } from "./gateway";
export { secretSettings } from "./secrets";

/** The type of the gateway's Service on clusters that allow only one. */
const serviceTypeOn: Readonly<Record<string, ServiceType | undefined>> = {
  kind: "NodePort",
  digitalocean: "LoadBalancer",
};

/** Checks that settings fit each other, if they are there. */
const together = z.looseObject({
  cluster: z.looseObject({ kind: z.string() }),
  gateway: z.looseObject({ serviceType: z.string() }),
});

const namedInDomain = z.looseObject({
  cluster: z.looseObject({ dns: z.looseObject({ domain: z.string() }) }),
  gateway: z.looseObject({ url: z.string() }),
});

/** A record can be made only for a host in the domain. */
function checkDomain(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = namedInDomain.safeParse(settings);
  const host = data && URL.parse(data.gateway.url)?.hostname;
  if (data === undefined || host === undefined || isInDomain(host, data.cluster.dns.domain)) return;
  context.addIssue({
    code: "custom",
    path: ["cluster", "dns", "domain"],
    input: data.cluster.dns.domain,
    message: `a domain that the host of gateway.url, ${host}, is in`,
  });
}

const numbered = z.looseObject({
  cluster: z.looseObject({ kind: z.string(), apiServerPort: z.unknown().optional() }),
  gateway: z.looseObject({
    url: z.string(),
    nodePort: z.unknown().optional(),
    tls: z.looseObject({ nodePort: z.unknown().optional() }).optional(),
  }),
});

/** What a cluster that the stack makes would refuse only after it was made. */
function checkPorts(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = numbered.safeParse(settings);
  if (data === undefined || serviceTypeOn[data.cluster.kind] === undefined) return;
  const { cluster: made, gateway: way } = data;
  for (const [path, port] of [
    [["gateway", "nodePort"], way.nodePort],
    [["gateway", "tls", "nodePort"], way.tls?.nodePort],
  ] as const) {
    if (typeof port !== "number" || (port >= 30000 && port <= 32767)) continue;
    const message = "a port from 30000 to 32767, as Kubernetes has them on every node";
    context.addIssue({ code: "custom", path: [...path], input: port, message });
  }
  if (made.kind !== "kind" || !URL.canParse(way.url)) return;
  const { apiServerPort } = made;
  if (typeof apiServerPort === "number" && hostPorts(way.url).includes(apiServerPort))
    context.addIssue({
      code: "custom",
      path: ["cluster", "apiServerPort"],
      input: apiServerPort,
      message: `another port than the gateway's on this machine, ${apiServerPort}`,
    });
}

const balanced = z.looseObject({
  cluster: z.looseObject({ loadBalancer: z.looseObject({ type: z.literal("REGIONAL") }) }),
  gateway: z.looseObject({
    tls: z.looseObject({ issuer: z.looseObject({ kind: z.literal("acme") }) }),
  }),
});

/** cert-manager requests the challenge at the gateway's public address before the authority does. */
function checkBalancer(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = balanced.safeParse(settings);
  if (data === undefined) return;
  const { type } = data.cluster.loadBalancer;
  context.addIssue({
    code: "custom",
    path: ["cluster", "loadBalancer", "type"],
    input: type,
    message: `"REGIONAL_NETWORK" or nothing, as gateway.tls.issuer.kind is "acme": behind a ${type} load balancer pods do not reach the gateway's public address, where cert-manager looks for the challenge`,
  });
}

const signedIn = z.looseObject({
  identity: z.looseObject({ kind: z.literal("oidc"), client: z.undefined().optional() }),
  login: z.looseObject({ at: z.enum(["gateway", "application"]) }),
});

/** A login needs a client of the provider; at an Auth0 tenant the stack makes it. */
function checkClient(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = signedIn.safeParse(settings);
  if (data === undefined) return;
  context.addIssue({
    code: "custom",
    path: ["identity", "client"],
    input: undefined,
    message: `the provider's client that people sign in with, as login.at is "${data.login.at}"`,
  });
}

const withPeople = z.looseObject({
  identity: z.looseObject({ users: z.array(z.unknown()).default([]) }),
  login: z.looseObject({ at: z.string() }).default({ at: "none" }),
});

/** If only machines call the application, people do not sign in. */
function checkPeople({ people, title }: Application) {
  return (settings: unknown, context: z.core.$RefinementCtx): void => {
    const { data } = withPeople.safeParse(settings);
    if (people || data === undefined) return;
    const only = `as only machines call ${title}`;
    const problem = (path: string[], input: unknown, expected: string) => {
      context.addIssue({ code: "custom", path, input, message: `${expected}, ${only}` });
    };
    const { identity: provider, login: place } = data;
    if (provider.users.length > 0)
      problem(["identity", "users"], provider.users, "an empty list or nothing");
    if (place.at !== "none") problem(["login", "at"], place.at, '"none" or nothing');
  };
}

const sections = (application: Application) => ({
  cluster,
  istio: istio.prefault({}),
  mesh: mesh.prefault({}),
  identity: identity(application),
  authentication: authentication.prefault({}),
  gateway,
  login: login.prefault({ at: "none" }),
  verify: verify.prefault({}),
  sandbox: sandbox.prefault({}),
});

/** The library's sections of a stack's configuration. */
export type Settings = z.output<z.ZodObject<ReturnType<typeof sections>>>;

/** The same with the application's own sections. */
export type SettingsOf<Own extends OwnSections> = Settings & {
  readonly [Section in keyof Own]: z.output<Own[Section]>;
};

/**
 * The sections of the stack's configuration, including the application's own. docs/settings.md describes every field.
 */
export const settingsSchema = <Own extends OwnSections>(application: Application<Own>) =>
  section({ ...sections(application), ...application.settings }).superRefine(
    (settings, context) => {
      checkDomain(settings, context);
      checkPorts(settings, context);
      checkBalancer(settings, context);
      checkOrigins(application)(settings, context);
      checkRequired(settings, context);
      checkClients(settings, context);
      checkIssuers(settings, context);
      checkSpaceDelimited(settings, context);
      checkClient(settings, context);
      checkPeople(application)(settings, context);
      const { data } = together.safeParse(settings);
      const allowed = data && serviceTypeOn[data.cluster.kind];
      if (allowed === undefined || data?.gateway.serviceType === allowed) return;
      context.addIssue({
        code: "custom",
        path: ["gateway", "serviceType"],
        input: data?.gateway.serviceType,
        message: `"${allowed}" or nothing, as cluster.kind is "${data?.cluster.kind}"`,
      });
    },
    // The check runs even if other settings are wrong, so that all problems are reported at once.
    { when: ({ value }) => typeof value === "object" && value !== null },
    // The compiler cannot evaluate the spread of a generic type.
  ) as z.ZodType as z.ZodType<SettingsOf<Own>>;

export type ClusterSettings = Settings["cluster"];
export type IstioSettings = Settings["istio"];
export type IdentitySettings = Settings["identity"];
export type AuthenticationSettings = Settings["authentication"];
export type GatewaySettings = Settings["gateway"];
export type LoginSettings = Settings["login"];
export type SandboxSettings = Settings["sandbox"];
export type MeshSettings = Settings["mesh"];
export type CorsSettings = NonNullable<GatewaySettings["cors"]>;
export type TlsSettings = NonNullable<GatewaySettings["tls"]>;
