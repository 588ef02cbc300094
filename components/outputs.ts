/** A stack's outputs: what a user, `verify` or another stack needs to use it. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Application } from "./application";
import type { StackCluster } from "./cluster";
import type { Identity } from "./identity";
import { configuredViewers } from "./identity/viewers";
import { describeLogin } from "./login/output";
import { routingOf } from "./routing";
import type { Settings } from "./settings";
import { corsMethod } from "./settings/cors";
import type { ServiceTraffic } from "./traffic";

const text = z.string().min(1);
const httpUrl = z.url({ protocol: /^https?$/ });
const perClient = z.object({
  /** Absent if people do not sign in through this stack. */
  web: z.string().min(1).optional(),
  machines: z.record(z.string(), z.string()),
});

/** How an issuer's tokens are recognized. */
const tokens = {
  /** Exactly as in the tokens; Auth0's ends in a slash. */
  issuer: httpUrl,
  jwksUri: httpUrl,
  audience: text,
  /** Where tokens say which permissions they have: the names that lead to the claim. */
  permissionsClaim: z.array(text).min(1),
  /** Whether that claim is one text, its permissions separated by spaces. */
  spaceDelimited: z.boolean().optional(),
};

/** The settings under `gateway.cors`, of which a service has its own. */
const corsFields = {
  origins: z.array(text),
  methods: z.array(corsMethod).min(1),
  headers: z.array(text),
  exposeHeaders: z.array(text),
  maxAge: text,
};

/** What a stack exports. The users and machines have roles and permissions of the table. */
export const outputsSchema = ({ roles, permissions }: Application) =>
  z.object({
    /** Scheme, host and port of the ingress gateway. */
    gatewayUrl: httpUrl,
    ...tokens,
    /** Where tokens are checked, and whose tokens are accepted in addition to the issuer's. */
    authentication: z.object({
      at: z.literal(["namespace", "workload", "gateway"]),
      required: z.boolean(),
      clients: z.literal(["listed", "any"]),
      issuers: z.array(
        z.object({ ...tokens, clients: z.union([z.literal("any"), z.array(text)]) }),
      ),
    }),
    clientIds: perClient,
    clientSecrets: perClient,
    /** By e-mail address, of the users whose password is known. */
    userPasswords: z.record(z.string(), z.string()),
    /** An Auth0 tenant, and the client that may use its Management API; absent with another provider. */
    tenant: z.object({ domain: text, clientId: text, clientSecret: text }).optional(),
    /** The file's content. */
    kubeconfig: z.string().min(1),
    /** PEM of the tenant's private certificate authority, if it has one. */
    certificateAuthority: z.string().optional(),
    /** PEM of the private authority that signed the gateway's certificate, if it is one. */
    gatewayCertificateAuthority: z.string().optional(),
    /** How browsers sign in; absent if they do not. */
    login: z
      .discriminatedUnion("at", [
        z.object({
          at: z.literal("gateway"),
          required: z.boolean(),
          sessions: z.enum(["redis", "cookie"]),
        }),
        z.object({ at: z.literal("application") }),
      ])
      .optional(),
    /** What the stack's routes, ServiceEntries and imports are made from, in addition to the table. */
    routing: z.object({
      egress: z.enum(["ALLOW_ANY", "REGISTRY_ONLY"]),
      imports: z.array(text),
      /** Whether the API server refuses pods that would bypass the table. */
      admission: z.boolean(),
      /** Absent if the stack makes no NetworkPolicies. */
      network: z.object({ metricsFrom: z.array(text) }).optional(),
      /** The settings under `gateway.tls`; absent if the gateway's address is an http one. */
      tls: z
        .object({
          minimumVersion: z.enum(["1.2", "1.3"]),
          issuer: z.object({ kind: z.enum(["selfSigned", "acme"]) }).optional(),
        })
        .optional(),
      /** The settings under `gateway.cors`; absent if no other origin's pages may call the services. */
      cors: z
        .object({
          ...corsFields,
          services: z.record(z.string(), z.object(corsFields).partial()).optional(),
        })
        .optional(),
      /** Each Service that has a destination rule and a route, with the shares of its versions in percent. */
      traffic: z.array(z.object({ service: text, shares: z.record(z.string(), z.number()) })),
      endSessionEndpoint: httpUrl.optional(),
      tokenEndpoint: httpUrl.optional(),
    }),
    /** Findings of `verify` that the team accepts: the object, as `verify` names it, and the reason. */
    accepted: z.array(z.object({ object: text, reason: text })).default([]),
    /** The users and machines as they are configured; `verify` computes from this what each may do. */
    viewers: z.object({
      users: z.array(z.object({ email: z.string(), roles: z.array(z.enum(Object.keys(roles))) })),
      machines: z.array(
        z.object({
          name: z.string(),
          permissions: z.array(z.enum(Object.keys(permissions))),
          /** The scopes that its token is requested with. Absent: none, only the audience. */
          scopes: z.array(text).optional(),
        }),
      ),
      /** The scope of a sign-in. Absent: the one that `verify` needs. */
      scopes: z.array(text).optional(),
    }),
  });

/** A stack's outputs, as they are read. */
export type StackOutputs = z.infer<ReturnType<typeof outputsSchema>>;

/** The same as a program writes them: any part of a value may be a resource's output. */
type Written<Value> = pulumi.Input<
  Value extends object ? { readonly [Key in keyof Value]: Written<Value[Key]> } : Value
>;

/** What the outputs are made from. */
export interface OutputsArgs {
  readonly cluster: Pick<StackCluster, "kubeconfig">;
  readonly identity: Identity;
  /** How requests are distributed over the services' versions. */
  readonly traffic: readonly ServiceTraffic[];
}

/** A stack's outputs. To print the secret ones: `pulumi stack output --show-secrets`. */
export function outputsOf(settings: Settings, { cluster, identity, traffic }: OutputsArgs) {
  const { url: gatewayUrl, tls, cors } = settings.gateway;
  const { issuer, jwksUri, audience, permissionsClaim, spaceDelimited } = identity;
  const { clientIds, clientSecrets, userPasswords, tenant, certificateAuthority } = identity;
  const outputs = {
    gatewayUrl,
    issuer,
    jwksUri,
    audience,
    permissionsClaim,
    spaceDelimited,
    authentication: settings.authentication,
    clientIds,
    clientSecrets,
    userPasswords,
    tenant,
    kubeconfig: cluster.kubeconfig,
    certificateAuthority,
    gatewayCertificateAuthority: tls?.certificateAuthority,
    login: describeLogin(settings.login),
    routing: routingOf({ ...settings, tls, cors, traffic: [...traffic], identity }),
    accepted: settings.verify.accepted,
    viewers: configuredViewers(settings.identity),
  } satisfies { readonly [Name in keyof StackOutputs]: Written<StackOutputs[Name]> };
  // Outputs without a value are left out, because Pulumi warns about each of them on every run.
  const defined = Object.entries(outputs).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as typeof outputs;
}
