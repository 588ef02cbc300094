/** The table becomes exactly the policies that let in its callers and permissions, wherever tokens are checked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as kubernetes from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
import { application as bookinfo } from "../../../application";
import { type Application } from "../../../components/application";
import { Enforcement } from "../../../components/enforcement";
import {
  acceptTokens,
  type TrustedIssuer,
  trustedIssuers,
} from "../../../components/enforcement/issuers";
import type { EnforcementArgs } from "../../../components/enforcement/objects";
import { policiesOf } from "../../../components/enforcement/policies";
import type { MeshObject } from "../../../components/mesh/resources";
import { clusterProvider, countByType, find, ofType, run, unknown } from "./mocks";

const tenant = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
};
const everywhere = {
  issuers: [{ ...tenant, clients: ["web", "catalogue"] }],
  authentication: { at: "namespace", required: false },
  gatewayUrl: "http://localhost:8080",
} as const;

function enforce(application: Application, preview = false) {
  return run(
    () => {
      const provider = clusterProvider();
      const before = new kubernetes.core.v1.Namespace("before", {}, { provider });
      return new Enforcement(
        "access",
        { ...everywhere, application },
        { providers: [provider], dependsOn: [before] },
      );
    },
    { preview },
  );
}

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, the table becomes exactly these policies`, async () => {
    const { registrations } = await enforce(bookinfo, preview);
    assert.deepEqual(countByType(registrations), {
      "pulumi:pulumi:Stack": 1,
      "pulumi:providers:kubernetes": 1,
      "random:index/randomPassword:RandomPassword": 1,
      "kubernetes:core/v1:Namespace": 1,
      "istio-auth0:index:Enforcement": 1,
      "kubernetes:security.istio.io/v1:PeerAuthentication": 1,
      "kubernetes:security.istio.io/v1:RequestAuthentication": 1,
      "kubernetes:networking.istio.io/v1:Sidecar": 1,
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": 1,
      "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": 1,
      "kubernetes:security.istio.io/v1:AuthorizationPolicy": 7,
    });
    assert.deepEqual(
      find(registrations, "kubernetes:networking.istio.io/v1:Sidecar", "access-imports").inputs,
      {
        apiVersion: "networking.istio.io/v1",
        kind: "Sidecar",
        metadata: { name: "default", namespace: "bookinfo" },
        spec: { egress: [{ hosts: ["./*"] }] },
      },
    );
    const policies = registrations.filter(({ type }) => type.includes("security.istio.io"));
    assert.deepEqual(Object.fromEntries(policies.map(({ name, inputs }) => [name, inputs])), {
      "access-mutual-tls": {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace: "istio-system" },
        spec: { mtls: { mode: "STRICT" } },
      },
      "access-allow-nothing": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: "bookinfo" },
        spec: {},
      },
      "access-gateway-allow-nothing": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: "istio-ingress" },
        spec: {},
      },
      "access-gateway-ports": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "ports", namespace: "istio-ingress" },
        spec: {
          action: "ALLOW",
          selector: { matchLabels: { istio: "ingress" } },
          rules: [{ to: [{ operation: { ports: ["80"] } }] }],
        },
      },
      "access-tokens": {
        apiVersion: "security.istio.io/v1",
        kind: "RequestAuthentication",
        metadata: { name: "tokens", namespace: "bookinfo" },
        spec: {
          jwtRules: [
            {
              issuer: "https://tenant.example/",
              jwksUri: "https://tenant.example/.well-known/jwks.json",
              audiences: ["https://bookinfo.io"],
              fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
              forwardOriginalToken: true,
            },
          ],
        },
      },
      "access-productpage": {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "productpage", namespace: "bookinfo" },
        spec: {
          action: "ALLOW",
          selector: { matchLabels: { app: "productpage" } },
          rules: [{ from: [{ source: { serviceAccounts: ["istio-ingress/istio-ingress"] } }] }],
        },
      },
      "access-details": allow("details", "bookinfo/bookinfo-productpage", "read:book-details"),
      "access-reviews": allow("reviews", "bookinfo/bookinfo-productpage", "read:book-reviews"),
      "access-ratings": allow("ratings", "bookinfo/bookinfo-reviews", "read:book-reviews"),
    });
  });
}

function allow(service: string, caller: string, permission: string) {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: service, namespace: "bookinfo" },
    spec: {
      action: "ALLOW",
      selector: { matchLabels: { app: service } },
      rules: [
        {
          from: [
            {
              source: {
                serviceAccounts: [caller],
                requestPrincipals: ["https://tenant.example//*"],
              },
            },
          ],
          when: [
            { key: "request.auth.claims[permissions]", values: [permission] },
            { key: "request.auth.presenter", values: ["web", "catalogue"] },
          ],
        },
      ],
    },
  };
}

test("a service for every signed-in user requires the issuer's principal and no permission", async () => {
  const { registrations } = await enforce({
    ...bookinfo,
    services: {
      ...bookinfo.services,
      details: {
        port: 9080,
        path: "/details/0",
        serviceAccount: "bookinfo-details",
        callers: ["productpage", "reviews"],
        requires: "signedIn",
      },
    },
  });
  const { "access-details": details } = ofType(
    registrations,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy",
  );
  assert.deepEqual((details?.inputs as { spec: { rules: unknown } }).spec.rules, [
    {
      from: [
        {
          source: {
            serviceAccounts: ["bookinfo/bookinfo-productpage", "bookinfo/bookinfo-reviews"],
            requestPrincipals: ["https://tenant.example//*"],
          },
        },
      ],
      when: [{ key: "request.auth.presenter", values: ["web", "catalogue"] }],
    },
  ]);
});

test("every policy is the component's child, made by the given provider, after what it depends on", async () => {
  const { registrations } = await enforce(bookinfo);
  const component = registrations.findIndex(({ name }) => name === "access");
  assert.deepEqual(registrations[component]?.dependencies, ["before"]);
  const policies = registrations.filter(({ type }) => type.includes("security.istio.io"));
  assert.equal(policies.length, 9);
  for (const policy of policies) {
    assert.equal(policy.parent, "access", policy.name);
    assert.equal(policy.provider, "cluster", policy.name);
    assert.ok(registrations.indexOf(policy) > component, policy.name);
  }
});

const realm = {
  issuer: "https://realm.example/realms/books",
  jwksUri: "https://realm.example/certs",
  audience: "books",
  permissionsClaim: ["realm_access", "roles"],
};

/** The policies of a stack, by kind, namespace and name. */
function policies(args: Partial<EnforcementArgs>): Record<string, unknown> {
  const objects = Object.entries<readonly MeshObject<object>[]>({
    ...policiesOf({ ...everywhere, application: bookinfo, ...args }),
  });
  return Object.fromEntries(
    objects.flatMap(([kind, all]) =>
      all.map(({ metadata: { namespace, name }, spec }) => [`${kind} ${namespace}/${name}`, spec]),
    ),
  );
}

test("the mesh is told which claim is a text of words, unless it knows, for that issuer alone", () => {
  const words = (permissionsClaim: string[]) => ({
    ...realm,
    permissionsClaim,
    spaceDelimited: true,
  });
  const separated = (...issuers: TrustedIssuer[]) =>
    acceptTokens(issuers).jwtRules.map((rule) => rule.spaceDelimitedClaims);
  assert.deepEqual(separated(tenant, words(["scp"]), words(["scope"])), [
    undefined,
    ["scp"],
    undefined,
  ]);
});

const usual = policies({});
const added = (args: Partial<EnforcementArgs>) =>
  Object.fromEntries(
    Object.entries(policies(args)).filter(([name, spec]) => !isDeepStrictEqual(spec, usual[name])),
  );
const jwtRules = (...issuers: readonly (typeof tenant)[]) =>
  issuers.map(({ issuer, jwksUri, audience }) => ({
    issuer,
    jwksUri,
    audiences: [audience],
    fromHeaders: [{ name: "Authorization", prefix: "Bearer " }],
    forwardOriginalToken: true,
  }));
const atGateway = { selector: { matchLabels: { istio: "ingress" } } };
const principals = ["https://tenant.example//*"];
const withoutToken = { from: [{ source: { notRequestPrincipals: principals } }] };
const ofOthers = {
  from: [{ source: { requestPrincipals: principals } }],
  when: [{ key: "request.auth.presenter", notValues: ["web", "catalogue"] }],
};

test("at the workloads only services that ask for a token check it", () => {
  const authentication = { at: "workload", required: false } as const;
  const check = (app: string) => ({
    selector: { matchLabels: { app } },
    jwtRules: jwtRules(tenant),
  });
  assert.deepEqual(added({ authentication }), {
    "RequestAuthentication bookinfo/tokens-details": check("details"),
    "RequestAuthentication bookinfo/tokens-reviews": check("reviews"),
    "RequestAuthentication bookinfo/tokens-ratings": check("ratings"),
  });
  assert.equal("RequestAuthentication bookinfo/tokens" in policies({ authentication }), false);
});

test("the gateway answers at the ports that the stack serves, and at no other", () => {
  const portsFor = (gatewayUrl: string) =>
    policies({ gatewayUrl })["AuthorizationPolicy istio-ingress/ports"];
  const allowing = (...ports: string[]) => ({
    action: "ALLOW",
    ...atGateway,
    rules: [{ to: [{ operation: { ports } }] }],
  });
  assert.deepEqual(portsFor("http://localhost:8080"), allowing("80"));
  assert.deepEqual(portsFor("https://books.example"), allowing("80", "443"));
  assert.deepEqual(usual["AuthorizationPolicy istio-ingress/allow-nothing"], {});
});

test("at the gateway it checks tokens too, and the services go on", () => {
  const authentication = { at: "gateway", required: false } as const;
  const atBoth = added({ authentication });
  assert.deepEqual(atBoth, {
    "RequestAuthentication istio-ingress/tokens": { ...atGateway, jwtRules: jwtRules(tenant) },
  });
  assert.deepEqual(policies({ authentication }), { ...usual, ...atBoth });
});

test("where a token is required, the gateway denies all without one, but by HTTP what is redirected", () => {
  const authentication = { at: "gateway", required: true } as const;
  const required = (gatewayUrl: string) =>
    Object.fromEntries(
      Object.entries(added({ authentication, gatewayUrl })).filter(([title]) =>
        title.startsWith("AuthorizationPolicy istio-ingress/tokens-"),
      ),
    );
  const policy = { action: "DENY", ...atGateway };
  assert.deepEqual(required("http://localhost:8080"), {
    "AuthorizationPolicy istio-ingress/tokens-required": {
      ...policy,
      rules: [withoutToken, ofOthers],
    },
  });
  // By another name: an update from HTTP makes it first, and takes the one above away once HTTP leads to no service.
  const to = [{ operation: { notPorts: ["80"] } }];
  assert.deepEqual(required("https://books.example"), {
    "AuthorizationPolicy istio-ingress/tokens-required-https": {
      ...policy,
      rules: [
        { ...withoutToken, to },
        { ...ofOthers, to },
      ],
    },
  });
});

test("with a login at the gateway its tokens are checked there, and signing in needs none", () => {
  assert.deepEqual(Object.keys(added({ login: { required: false } })), [
    "RequestAuthentication istio-ingress/tokens",
  ]);
  const required = added({ login: { required: true } });
  const notPaths = ["start", "sign_in", "callback", "sign_out", "signed_out"].map(
    (page) => `/oauth2/${page}`,
  );
  const to = [{ operation: { notPaths } }];
  assert.deepEqual(required["AuthorizationPolicy istio-ingress/tokens-required"], {
    action: "DENY",
    ...atGateway,
    rules: [
      { ...withoutToken, to },
      { ...ofOthers, to },
    ],
  });
});

test("where a token is required, preflights of listed origins need none, by methods that are named", () => {
  const cors = {
    origins: ["https://app.example", "https://admin.example"],
    methods: ["GET" as const, "PUT" as const],
    headers: ["authorization"],
    exposeHeaders: [],
    maxAge: "10m",
  };
  const origin = { key: "request.headers[origin]", notValues: cors.origins };
  const method = {
    key: "request.headers[access-control-request-method]",
    notValues: ["GET", "HEAD", "POST", "PUT"],
  };
  const policy = "AuthorizationPolicy istio-ingress/tokens-required";
  const authentication = { at: "gateway", required: true } as const;
  const unlessOptions = { operation: { notMethods: ["OPTIONS"] } };
  assert.deepEqual(added({ authentication, cors })[policy], {
    action: "DENY",
    ...atGateway,
    rules: [
      { ...withoutToken, to: [unlessOptions] },
      { ...withoutToken, when: [origin] },
      { ...withoutToken, when: [method] },
      ofOthers,
    ],
  });
  // The login's own paths answer no preflight, so there it is a request like any other.
  const required = added({ login: { required: true }, cors })[policy] as { rules: object[] };
  const notPaths = ["start", "sign_in", "callback", "sign_out", "signed_out"].map(
    (page) => `/oauth2/${page}`,
  );
  assert.deepEqual(required.rules, [
    { ...withoutToken, to: [{ operation: { notPaths, notMethods: ["OPTIONS"] } }] },
    { ...withoutToken, to: [{ operation: { notPaths } }], when: [origin] },
    { ...withoutToken, to: [{ operation: { notPaths } }], when: [method] },
    { ...withoutToken, to: [{ operation: { notPaths, paths: ["/oauth2/*"] } }] },
    { ...ofOthers, to: [{ operation: { notPaths } }] },
  ]);
  assert.deepEqual(added({ cors }), {});
  // What one service lets in: its routes answer that, and those of the others name no origin.
  const own = { origins: ["https://partner.example"], methods: ["DELETE" as const] };
  const services = { productpage: own, details: { origins: [] } };
  const { rules } = added({ authentication, cors: { ...cors, services } })[policy] as {
    rules: object[];
  };
  assert.deepEqual(rules.slice(1, 3), [
    { ...withoutToken, when: [{ ...origin, notValues: [...cors.origins, ...own.origins] }] },
    { ...withoutToken, when: [{ ...method, notValues: [...method.notValues, "DELETE"] }] },
  ]);
});

test("each issuer has a rule of its own, with its claim and its clients", () => {
  const issuers = [...everywhere.issuers, { ...realm, clients: ["books-app"] }, lone];
  const several = added({ issuers });
  assert.deepEqual(several["RequestAuthentication bookinfo/tokens"], {
    jwtRules: jwtRules(tenant, realm, lone),
  });
  const source = (principals: string) => ({
    from: [
      {
        source: {
          serviceAccounts: ["bookinfo/bookinfo-productpage"],
          requestPrincipals: [principals],
        },
      },
    ],
  });
  const permission = (claim: string) => ({
    key: `request.auth.claims${claim}`,
    values: ["read:book-details"],
  });
  const by = (...values: string[]) => ({ key: "request.auth.presenter", values });
  assert.deepEqual(several["AuthorizationPolicy bookinfo/details"], {
    action: "ALLOW",
    selector: { matchLabels: { app: "details" } },
    rules: [
      {
        ...source("https://tenant.example//*"),
        when: [permission("[permissions]"), by("web", "catalogue")],
      },
      {
        ...source("https://realm.example/realms/books/*"),
        when: [permission("[realm_access][roles]"), by("books-app")],
      },
      { ...source("https://lone.example/*"), when: [permission("[permissions]")] },
    ],
  });
  assert.deepEqual(Object.keys(several).sort(), [
    "AuthorizationPolicy bookinfo/details",
    "AuthorizationPolicy bookinfo/ratings",
    "AuthorizationPolicy bookinfo/reviews",
    "RequestAuthentication bookinfo/tokens",
  ]);
});

const lone = { ...tenant, issuer: "https://lone.example" };

test("whose tokens count: the stack's listed clients, in any order of the outputs, and each further issuer's", () => {
  const clientIds = { web: "w", machines: { reporting: "r", catalogue: "c" } };
  const sorted = { web: "w", machines: { catalogue: "c", reporting: "r" } };
  const issuers = [
    { ...realm, clients: ["books-app"] },
    { ...lone, clients: "any" as const },
  ];
  const expected = [
    { ...tenant, clients: ["w", "c", "r"] },
    { ...realm, clients: ["books-app"] },
    lone,
  ];
  for (const ids of [clientIds, sorted])
    assert.deepEqual(
      trustedIssuers({ ...tenant, clientIds: ids }, { clients: "listed", issuers }),
      expected,
    );
  assert.deepEqual(
    trustedIssuers({ ...tenant, clientIds: sorted }, { clients: "any", issuers: [] }),
    [tenant],
  );
});

test("ids that a preview does not know leave the rest of the policy known", async () => {
  const { registrations } = await run(
    () => {
      const provider = clusterProvider();
      const id = new random.RandomPassword("id", { length: 8 }).result;
      const issuers = [{ ...tenant, clients: [id, "catalogue"] }];
      return new Enforcement(
        "access",
        { ...everywhere, issuers, application: bookinfo },
        { providers: [provider] },
      );
    },
    { preview: true },
  );
  const { inputs } = find(
    registrations,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy",
    "access-details",
  );
  const { rules } = (inputs as { spec: { rules: { when: unknown }[] } }).spec;
  assert.deepEqual(rules[0]?.when, [
    { key: "request.auth.claims[permissions]", values: ["read:book-details"] },
    { key: "request.auth.presenter", values: [unknown, "catalogue"] },
  ]);
});
