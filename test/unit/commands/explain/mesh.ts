/** Bookinfo's policies as the stack makes them, an issuer's keys, and requests to try on them. */
import type { JsonWebKey } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWTPayload } from "jose";
import { application } from "../../../../application";
import { decide } from "../../../../commands/explain/evaluate";
import type { Decision, RequestFacts } from "../../../../commands/explain/evaluate";
import { parsePolicies } from "../../../../commands/explain/policies";
import type { PolicyObjects } from "../../../../commands/explain/policies";
import type { StackOutputs } from "../../../../commands/stack/outputs";
import { authentication } from "../verify/support/stack";

export const issuer = "https://tenant.example/";
export const audience = "https://bookinfo.io";
export const jwksUri = `${issuer}.well-known/jwks.json`;
/** The outputs of a stack with no more than it needs. */
export const outputsWith = (kubeconfig: string): StackOutputs => ({
  gatewayUrl: "http://localhost:8080",
  issuer,
  jwksUri,
  audience,
  permissionsClaim: ["permissions"],
  clientIds: { web: "web", machines: {} },
  clientSecrets: { web: "secret", machines: {} },
  userPasswords: {},
  kubeconfig,
  authentication,
  viewers: { users: [], machines: [] },
  routing: { egress: "REGISTRY_ONLY", imports: [], admission: true, traffic: [] },
  accepted: [],
});
export const now = new Date("2026-01-01T12:00:00Z");
export const seconds = now.getTime() / 1000;

export interface Signer {
  readonly jwks: { readonly keys: readonly JsonWebKey[] };
  /** A token of the issuer that is good in everything that is not given. */
  sign(claims?: JWTPayload, header?: { kid?: string | undefined }): Promise<string>;
}

export async function startSigner(kid = "one"): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: "RS256" }] },
    sign: (claims = {}, header = {}) =>
      new SignJWT({
        iss: issuer,
        aud: audience,
        sub: "auth0|ada",
        exp: seconds + 3600,
        permissions: ["read:book-details"],
        ...claims,
      })
        .setProtectedHeader({ alg: "RS256", kid, ...header })
        .sign(privateKey),
  };
}

/** A Kubernetes object of security.istio.io, as the API server gives it. */
export function object(name: string, spec: object, namespace = "bookinfo", extra: object = {}) {
  const creationTimestamp = "2026-01-01T00:00:00Z";
  return { metadata: { name, namespace, creationTimestamp, ...extra }, spec };
}

export const jwtRule = {
  issuer,
  jwksUri,
  audiences: [audience],
  fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
  forwardOriginalToken: true,
};

function allow(service: string, serviceAccount: string, permission?: string) {
  return object(service, {
    action: "ALLOW",
    selector: { matchLabels: { app: service } },
    rules: [
      {
        from: [
          {
            source: {
              serviceAccounts: [serviceAccount],
              ...(permission !== undefined && { requestPrincipals: [`${issuer}/*`] }),
            },
          },
        ],
        ...(permission !== undefined && {
          when: [{ key: "request.auth.claims[permissions]", values: [permission] }],
        }),
      },
    ],
  });
}

/** What components/enforcement.ts makes of the table. */
export const bookinfo: PolicyObjects = {
  peerAuthentications: [object("default", { mtls: { mode: "STRICT" } }, "istio-system")],
  requestAuthentications: [object("tokens", { jwtRules: [jwtRule] })],
  authorizationPolicies: [
    object("allow-nothing", {}),
    allow("productpage", "istio-ingress/istio-ingress"),
    allow("details", "bookinfo/bookinfo-productpage", "read:book-details"),
    allow("reviews", "bookinfo/bookinfo-productpage", "read:book-reviews"),
    allow("ratings", "bookinfo/bookinfo-reviews", "read:book-reviews"),
  ],
};

export const productpage = { namespace: "bookinfo", serviceAccount: "bookinfo-productpage" };

/** A request to details, as productpage sends it. */
export function request(changes: Partial<RequestFacts> = {}): RequestFacts {
  return {
    destination: { namespace: "bookinfo", labels: { app: "details", version: "v1" }, port: 9080 },
    source: productpage,
    method: "GET",
    path: "/details/0",
    host: "details:9080",
    headers: {},
    ...changes,
  };
}

export const bearer = (token: string) => ({ authorization: [`Bearer ${token}`] });

/** Its keys are at the issuer's address. */
const signer = startSigner();

/** A token of the issuer that is good in everything that is not given. */
export const sign: Signer["sign"] = async (claims, header) => (await signer).sign(claims, header);

/** Decides by these objects, with Bookinfo's in place of those that are not given. */
export async function decideBy(
  objects: Partial<PolicyObjects>,
  facts: RequestFacts,
): Promise<Decision> {
  const policies = parsePolicies(application, { ...bookinfo, ...objects });
  const { jwks } = await signer;
  return decide(policies, new Map([[jwksUri, jwks]]), facts, now);
}

/** An outcome in short: `allowed`, `reset`, or the status and what the mesh says. */
export async function short(objects: Partial<PolicyObjects>, facts: RequestFacts): Promise<string> {
  const { outcome, status, message } = await decideBy(objects, facts);
  return message === undefined ? outcome : `${status ?? ""} ${message}`;
}

/** How the mesh refuses whom no policy allows, {@link short in short}. */
export const denied = "403 RBAC: access denied";

/** A rule, by one of its parts. */
export const source = (fields: object) => ({ from: [{ source: fields }] });
export const operation = (fields: object) => ({ to: [{ operation: fields }] });
export const when = (key: string, values: string[], notValues: string[] = []) => ({
  when: [{ key, values, notValues }],
});
