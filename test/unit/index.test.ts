/** The whole program with the sandbox's stack file, and what the sandbox adds to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { application as bookinfo, permissions, roles, services } from "../../application";
import { createStack } from "../../components/stack";
import { bookinfoSettings } from "../../settings";
import { workloadsOf } from "../../workloads";
import { countByType, find, kubeconfig, ofType, read, readings, unknown } from "./components/mocks";
import { runProgram } from "../support/program";

const authority = readFileSync(join(__dirname, "components/authority.pem"), "utf8");

const expectedCounts = {
  "pulumi:pulumi:Stack": 1,
  "istio-auth0:index:ExistingCluster": 1,
  "pulumi:providers:kubernetes": 1,
  "istio-auth0:index:IstioMesh": 1,
  "kubernetes:core/v1:Namespace": 3,
  "kubernetes:helm.sh/v3:Release": 3,
  "istio-auth0:index:Auth0Identity": 1,
  "pulumi:providers:auth0": 1,
  "auth0:index/resourceServer:ResourceServer": 1,
  "auth0:index/resourceServerScopes:ResourceServerScopes": 1,
  "auth0:index/role:Role": 2,
  "auth0:index/rolePermissions:RolePermissions": 2,
  "auth0:index/connection:Connection": 1,
  "auth0:index/client:Client": 3,
  "auth0:index/clientCredentials:ClientCredentials": 3,
  "auth0:index/clientGrant:ClientGrant": 2,
  "auth0:index/connectionClients:ConnectionClients": 1,
  "auth0:index/user:User": 3,
  "auth0:index/userRoles:UserRoles": 2,
  "random:index/randomPassword:RandomPassword": 6,
  "istio-auth0:index:Enforcement": 1,
  "kubernetes:security.istio.io/v1:PeerAuthentication": 1,
  "kubernetes:security.istio.io/v1:RequestAuthentication": 1,
  "kubernetes:security.istio.io/v1:AuthorizationPolicy": 7,
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": 11,
  "kubernetes:networking.istio.io/v1:Sidecar": 1,
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy": 1,
  "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding": 1,
  "istio-auth0:index:Bookinfo": 1,
  "kubernetes:core/v1:ServiceAccount": 4,
  "kubernetes:core/v1:Service": 7,
  "kubernetes:apps/v1:Deployment": 6,
  "kubernetes:networking.istio.io/v1:Gateway": 1,
  "kubernetes:networking.istio.io/v1:DestinationRule": 7,
  "kubernetes:networking.istio.io/v1:VirtualService": 8,
};

for (const preview of [false, true]) {
  test(`${preview ? "a preview" : "an update"} of the sandbox registers exactly these resources`, async () => {
    const { registrations } = await runProgram({ preview });
    assert.deepEqual(countByType(registrations), expectedCounts);
  });
}

test("a whole stack by one call is what the program makes part by part", async () => {
  const workloads = workloadsOf(bookinfoSettings.parse(undefined));
  const changes = { "istio-auth0:login": { at: "gateway" } };
  const parts = await runProgram({ changes });
  const whole = await runProgram({ changes, program: () => createStack(bookinfo, workloads) });
  const sorted = ({ registrations }: typeof parts) =>
    registrations.toSorted((one, other) =>
      `${one.type} ${one.name}` < `${other.type} ${other.name}` ? -1 : 1,
    );
  assert.deepEqual(sorted(whole), sorted(parts));
  assert.deepEqual(
    await read(pulumi.output(whole.outputs)),
    await read(pulumi.output(parts.outputs)),
  );
});

test("the outputs are what others build on, and the secrets among them are secret", async () => {
  const { outputs } = await runProgram();
  assert.deepEqual(Object.keys(outputs).sort(), [
    "accepted",
    "audience",
    "authentication",
    "clientIds",
    "clientSecrets",
    "gatewayUrl",
    "issuer",
    "jwksUri",
    "kubeconfig",
    "permissionsClaim",
    "routing",
    "tenant",
    "userPasswords",
    "viewers",
  ]);
  const { gatewayUrl, issuer, jwksUri, audience, viewers } = outputs;
  assert.deepEqual(
    { gatewayUrl, issuer, jwksUri, audience, viewers },
    {
      gatewayUrl: "http://localhost:8080",
      issuer: "https://tenant.localhost:8443/",
      jwksUri: "https://tenant.localhost:8443/.well-known/jwks.json",
      audience: "https://bookinfo.io",
      viewers: {
        users: [
          { email: "nobody@bookinfo.example", roles: [] },
          { email: "user@bookinfo.example", roles: ["user"] },
          { email: "moderator@bookinfo.example", roles: ["moderator"] },
        ],
        machines: [
          { name: "catalogue", permissions: ["read:book-details"] },
          { name: "reporting", permissions: ["read:book-details", "read:book-reviews"] },
        ],
      },
    },
  );
  assert.deepEqual(await read(pulumi.output(outputs.clientIds)), {
    value: {
      web: "identity-web-id",
      machines: {
        catalogue: "identity-machine-catalogue-id",
        reporting: "identity-machine-reporting-id",
      },
    },
    secret: false,
  });
  assert.deepEqual(await read(outputs.clientSecrets), {
    value: {
      web: "generated identity-web-secret",
      machines: {
        catalogue: "generated identity-machine-catalogue-secret",
        reporting: "generated identity-machine-reporting-secret",
      },
    },
    secret: true,
  });
  assert.deepEqual(await read(outputs.userPasswords), {
    value: {
      "nobody@bookinfo.example": "generated identity-user-nobody@bookinfo.example-password",
      "user@bookinfo.example": "generated identity-user-user@bookinfo.example-password",
      "moderator@bookinfo.example": "generated identity-user-moderator@bookinfo.example-password",
    },
    secret: true,
  });
  assert.deepEqual(await read(outputs.kubeconfig), { value: kubeconfig, secret: true });
  const tenant: unknown = Reflect.get(outputs, "tenant");
  assert.equal((await read(pulumi.output(tenant))).secret, true);
});

test("a preview knows the addresses and policies, and not the ids and passwords", async () => {
  const { outputs, registrations } = await runProgram({ preview: true });
  assert.equal(outputs.issuer, "https://tenant.localhost:8443/");
  assert.deepEqual((await read(pulumi.output(outputs.clientIds.web))).value, unknown);
  assert.deepEqual(await read(outputs.clientSecrets), { value: unknown, secret: true });
  assert.deepEqual(await read(outputs.userPasswords), { value: unknown, secret: true });
  const policies = registrations.filter(({ type }) => type.includes("istio.io"));
  assert.equal(policies.length, 26);
  // Unknown values of a list only narrow: only these clients.
  const presenter = { key: "request.auth.presenter", values: Array<string>(3).fill(unknown) };
  const known = JSON.stringify(policies).replaceAll(JSON.stringify(presenter), "");
  assert.ok(!known.includes(unknown));
  assert.equal(JSON.stringify(policies).split(JSON.stringify(presenter)).length - 1, 3);
});

test("a private authority is an output, and istiod trusts it", async () => {
  const certificateAuthority = authority;
  const { outputs, registrations } = await runProgram({
    changes: { "istio-auth0:identity": { certificateAuthority } },
  });
  assert.equal((outputs as Record<string, unknown>).certificateAuthority, certificateAuthority);
  const { inputs } = find(registrations, "kubernetes:helm.sh/v3:Release", "istio-istiod");
  const { values } = z.object({ values: z.record(z.string(), z.unknown()) }).parse(inputs);
  assert.equal(values.jwksResolverExtraRootCA, certificateAuthority);
});

/** The settings of a gateway with HTTPS. */
const secure = (tls: object) => ({
  "istio-auth0:gateway": { url: "https://books.example", tls },
});

test("nothing is made before the Secret is read that the gateway's certificate comes from", async () => {
  const { registrations } = await runProgram({
    changes: secure({ secret: "default/books-tls" }),
    existing: { "default/books-tls": { data: { "tls.crt": "YQ==", "tls.key": "YQ==" } } },
  });
  assert.deepEqual(readings(registrations), [
    ["kubernetes:core/v1:Secret", "gateway.tls.secret", "default/books-tls"],
  ]);
  const later = new Set(["gateway.tls.secret"]);
  const first = registrations.filter(({ name, parent, dependencies }) => {
    // What a component waits for, its children wait for.
    const waits = [parent, ...dependencies].some((each) => later.has(each));
    if (waits) later.add(name);
    return !waits;
  });
  assert.deepEqual(
    first.map(({ type, name }) => `${type} ${name}`),
    [
      "pulumi:pulumi:Stack istio-auth0-sandbox",
      "istio-auth0:index:ExistingCluster cluster",
      "pulumi:providers:kubernetes cluster",
      "kubernetes:core/v1:Secret gateway.tls.secret",
    ],
  );
});

test("with a certificate from a Secret there are its copy, and what redirects HTTP", async () => {
  const { registrations, outputs } = await runProgram({
    changes: secure({ secret: "default/books-tls", certificateAuthority: authority }),
    existing: { "default/books-tls": { data: { "tls.crt": "YQ==", "tls.key": "YQ==" } } },
  });
  assert.deepEqual(countByType(registrations), {
    ...expectedCounts,
    "istio-auth0:index:GatewayCertificate": 1,
    "kubernetes:core/v1:Secret": 2,
    "kubernetes:networking.istio.io/v1:Gateway": 2,
    "kubernetes:networking.istio.io/v1:VirtualService": 9,
  });
  assert.equal((outputs as Record<string, unknown>).gatewayCertificateAuthority, authority);
  assert.equal(outputs.gatewayUrl, "https://books.example");
});

for (const preview of [false, true]) {
  test(`${preview ? "a preview" : "an update"} with a certificate from an authority adds cert-manager, and asks for it`, async () => {
    const { registrations } = await runProgram({
      preview,
      changes: secure({ issuer: { kind: "acme", email: "platform@books.example" } }),
    });
    assert.deepEqual(countByType(registrations), {
      ...expectedCounts,
      "istio-auth0:index:GatewayCertificate": 1,
      "istio-auth0:index:CertManager": 1,
      "kubernetes:core/v1:Namespace": 4,
      "kubernetes:helm.sh/v3:Release": 4,
      "kubernetes:core/v1:Service": 8,
      "kubernetes:cert-manager.io/v1:Issuer": 1,
      "kubernetes:cert-manager.io/v1:Certificate": 1,
      "kubernetes:networking.k8s.io/v1:NetworkPolicy": 15,
      "kubernetes:networking.istio.io/v1:Gateway": 2,
      "kubernetes:networking.istio.io/v1:VirtualService": 9,
    });
    const gateway = "kubernetes:networking.istio.io/v1:Gateway";
    for (const name of ["bookinfo-gateway", "bookinfo-redirect-gateway"]) {
      const { dependencies } = find(registrations, gateway, name);
      assert.deepEqual(dependencies, [
        "certificate-issuer",
        "certificate-manager-namespace",
        "certificate-manager-release",
        "certificate-network-cert-manager-default-deny",
        "certificate-network-cert-manager-webhook",
        "certificate-network-istio-ingress-acme-solver",
        "certificate-network-istio-ingress-gateway-to-acme-solver",
        "certificate-request",
        "certificate-solver",
      ]);
    }
  });
}

test("no service is there before the policies, and no policy before the control plane", async () => {
  const { registrations } = await runProgram();
  const component = (name: string) => {
    const found = registrations.find((each) => each.name === name && each.type.includes("index:"));
    assert.ok(found, name);
    return found;
  };
  assert.deepEqual(component("access").dependencies, ["bookinfo", "istio-ingress", "istio-istiod"]);
  assert.deepEqual(component("bookinfo").dependencies, [
    "access-admission",
    "access-admission",
    "access-allow-nothing",
    "access-details",
    "access-gateway-allow-nothing",
    "access-gateway-ports",
    "access-imports",
    "access-mutual-tls",
    "access-network-bookinfo-default-deny",
    "access-network-bookinfo-details",
    "access-network-bookinfo-productpage",
    "access-network-bookinfo-ratings",
    "access-network-bookinfo-reviews",
    "access-network-bookinfo-sidecars",
    "access-network-istio-ingress-gateway-to-bookinfo",
    "access-productpage",
    "access-ratings",
    "access-reviews",
    "access-tokens",
    "bookinfo",
    "istio-istiod",
  ]);
});

test("no secret is a plain input anywhere", async () => {
  const { registrations } = await runProgram();
  const secrets = ["kubernetes-token", "management-secret", "generated "];
  const holders = registrations.filter(({ inputs }) =>
    secrets.some((secret) => JSON.stringify(inputs).includes(secret)),
  );
  assert.deepEqual(
    holders.map(({ name, type, secrets: paths }) => [type.split(":").at(-1), name, paths]).sort(),
    [
      ["kubernetes", "cluster", ["kubeconfig"]],
      ["auth0", "identity", ["clientSecret"]],
      ...["web", "machine-catalogue", "machine-reporting"].map((client) => [
        "ClientCredentials",
        `identity-${client}-credentials`,
        ["clientSecret"],
      ]),
      ...["nobody", "user", "moderator"].map((user) => [
        "User",
        `identity-user-${user}@bookinfo.example`,
        ["password"],
      ]),
    ].sort(),
  );
});

test("the table, the tenant's scopes and roles, and the policies agree", async () => {
  const { registrations } = await runProgram();
  const inputsOf = <Inputs extends z.ZodType>(type: string, name: string, inputs: Inputs) =>
    inputs.parse(find(registrations, type, name).inputs);

  const { scopes } = inputsOf(
    "auth0:index/resourceServerScopes:ResourceServerScopes",
    "identity-scopes",
    z.object({ scopes: z.array(z.object({ name: z.string(), description: z.string() })) }),
  );
  assert.deepEqual(
    Object.fromEntries(scopes.map(({ name, description }) => [name, description])),
    permissions,
  );

  for (const [role, { permissions: granted }] of Object.entries(roles)) {
    const named = z.array(z.object({ name: z.string(), resourceServerIdentifier: z.string() }));
    assert.deepEqual(
      inputsOf(
        "auth0:index/rolePermissions:RolePermissions",
        `identity-role-${role}-permissions`,
        z.object({ permissions: named }),
      ).permissions,
      granted.map((name) => ({ name, resourceServerIdentifier: "https://bookinfo.io" })),
    );
  }

  const policies = ofType(registrations, "kubernetes:security.istio.io/v1:AuthorizationPolicy");
  const when = z.array(z.object({ key: z.string(), values: z.array(z.string()) })).default([]);
  const policy = z.object({ spec: z.object({ rules: z.array(z.object({ when })).default([]) }) });
  const asked = Object.values(policies).flatMap(({ name, inputs }) =>
    policy
      .parse(inputs)
      .spec.rules.flatMap((rule) => rule.when)
      .filter(({ key }) => key === "request.auth.claims[permissions]")
      .flatMap(({ values }) => values.map((value) => [name.replace("access-", ""), value])),
  );
  const needed = Object.entries(services).flatMap(([service, { requires = "public" }]) =>
    requires === "public" ? [] : [[service, requires]],
  );
  assert.deepEqual(asked, needed);
  assert.ok(asked.every(([, permission]) => scopes.some(({ name }) => name === permission)));
});

test("what is in a kind cluster goes with the cluster, and what is in another one is deleted", async () => {
  // The engine hands it on from a component to its children.
  const inCluster: Record<string, string> = {
    "istio-auth0:index:IstioMesh": "istio",
    "kubernetes:core/v1:Namespace": "bookinfo",
    "istio-auth0:index:Enforcement": "access",
    "istio-auth0:index:Bookinfo": "bookinfo",
  };
  for (const [cluster, expected] of [
    [{ kind: "kind", kubeconfig: undefined }, "cluster"],
    [{}, ""],
  ] as const) {
    const { registrations } = await runProgram({ changes: { "istio-auth0:cluster": cluster } });
    for (const [type, name] of Object.entries(inCluster))
      assert.equal(find(registrations, type, name).deletedWith, expected, type);
    const others = registrations.filter(
      ({ type, name, deletedWith }) => deletedWith !== "" && inCluster[type] !== name,
    );
    assert.deepEqual(others, []);
  }
});
