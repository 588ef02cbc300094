/** The gateway's certificate is copied from a Secret or requested from cert-manager, for the gateway's host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  findCertificate,
  GatewayCertificate,
  type GatewayCertificateArgs,
  requireCertificate,
} from "../../../../components/gateway/certificate";
import { clusterProvider, countByType, find, readings, run, type RunOptions } from "../mocks";

const issuerType = "kubernetes:cert-manager.io/v1:Issuer";
const certificateType = "kubernetes:cert-manager.io/v1:Certificate";
const secretType = "kubernetes:core/v1:Secret";
const releaseType = "kubernetes:helm.sh/v3:Release";
const data = { "tls.crt": "Y2VydGlmaWNhdGU=", "tls.key": "a2V5", "ca.crt": "Y2E=" };

function certify(
  {
    secret,
    url = "https://books.example",
    issuer,
  }: { secret?: string; url?: string; issuer?: GatewayCertificateArgs["issuer"] },
  options: RunOptions = {},
) {
  return run(() => {
    const provider = clusterProvider();
    const found = findCertificate(
      secret === undefined ? undefined : { secret, minimumVersion: "1.2" },
      {
        provider,
      },
    );
    const ingressNamespace = new kubernetes.core.v1.Namespace("ingress", {}, { provider });
    new GatewayCertificate(
      "certificate",
      { application: { name: "shop" }, gatewayUrl: url, issuer, found, ingressNamespace },
      { providers: [provider] },
    );
  }, options);
}

const others = {
  "pulumi:pulumi:Stack": 1,
  "pulumi:providers:kubernetes": 1,
  "random:index/randomPassword:RandomPassword": 1,
  "kubernetes:core/v1:Namespace": 1,
  "istio-auth0:index:GatewayCertificate": 1,
};

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview" : "an update"}, a Secret's certificate and key are copied to the gateway's namespace`, async () => {
    const existing = { "default/books-tls": { data } };
    const { registrations } = await certify({ secret: "default/books-tls" }, { preview, existing });
    assert.deepEqual(readings(registrations), [
      [secretType, "gateway.tls.secret", "default/books-tls"],
    ]);
    assert.deepEqual(countByType(registrations), { ...others, [secretType]: 2 });
    const { inputs, secrets, parent, dependencies, provider } = find(
      registrations,
      secretType,
      "certificate-copy",
    );
    assert.deepEqual(inputs, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "shop-certificate", namespace: "istio-ingress" },
      type: "kubernetes.io/tls",
      data: { "tls.crt": data["tls.crt"], "tls.key": data["tls.key"] },
    });
    assert.deepEqual(secrets, ["data"]);
    assert.deepEqual([parent, provider], ["certificate", "cluster"]);
    assert.deepEqual(dependencies, ["gateway.tls.secret", "ingress"]);
  });
}

for (const [what, held, found] of [
  ["no key", { "tls.crt": "YQ==" }, "tls.crt"],
  ["other keys", { username: "YQ==", password: "YQ==" }, "username, password"],
  ["nothing", undefined, "no key"],
] as const) {
  test(`one line: a Secret with ${what}`, () => {
    assert.throws(
      () => {
        requireCertificate(held);
      },
      (error) => {
        assert.ok(pulumi.RunError.isInstance(error), "shown without a stack trace");
        const expected = "expected one with tls.crt and tls.key";
        assert.equal(
          error.message,
          `gateway.tls.secret: found a Secret with ${found}, ${expected}`,
        );
        return true;
      },
    );
  });
}

test("cert-manager is installed for an issuer, and asked for a certificate of the gateway's host", async () => {
  const { registrations } = await certify({ issuer: { kind: "selfSigned" } });
  assert.deepEqual(readings(registrations), []);
  assert.deepEqual(countByType(registrations), {
    ...others,
    "kubernetes:core/v1:Namespace": 2,
    "istio-auth0:index:CertManager": 1,
    [releaseType]: 1,
    [issuerType]: 1,
    [certificateType]: 1,
  });
  const described = (type: string, name: string) => {
    const { inputs, parent, dependencies, provider } = find(registrations, type, name);
    return { inputs, parent, dependencies, provider };
  };
  assert.deepEqual(described("kubernetes:core/v1:Namespace", "certificate-manager-namespace"), {
    inputs: { apiVersion: "v1", kind: "Namespace", metadata: { name: "cert-manager" } },
    parent: "certificate-manager",
    dependencies: [],
    provider: "cluster",
  });
  assert.deepEqual(described(releaseType, "certificate-manager-release"), {
    inputs: {
      chart: "cert-manager",
      version: "v1.21.2",
      repositoryOpts: { repo: "https://charts.jetstack.io" },
      name: "cert-manager",
      namespace: "cert-manager",
      values: { crds: { enabled: true } },
      atomic: true,
      timeout: 300,
      compat: "true",
    },
    parent: "certificate-manager",
    dependencies: ["certificate-manager-namespace"],
    provider: "cluster",
  });
  const metadata = { name: "shop-certificate", namespace: "istio-ingress" };
  assert.deepEqual(described(issuerType, "certificate-issuer"), {
    inputs: {
      apiVersion: "cert-manager.io/v1",
      kind: "Issuer",
      metadata,
      spec: { selfSigned: {} },
    },
    parent: "certificate",
    dependencies: ["certificate-manager-release", "ingress"],
    provider: "cluster",
  });
  assert.deepEqual(described(certificateType, "certificate-request"), {
    inputs: {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata,
      spec: {
        secretName: "shop-certificate",
        issuerRef: { group: "cert-manager.io", kind: "Issuer", name: "shop-certificate" },
        dnsNames: ["books.example"],
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        usages: ["digital signature", "server auth"],
      },
    },
    parent: "certificate",
    dependencies: ["certificate-issuer"],
    provider: "cluster",
  });
});

const acme = {
  kind: "acme",
  email: "platform@books.example",
  server: "https://acme.example/directory",
} as const;

test("an ACME authority's challenge is answered through the gateway", async () => {
  const { registrations } = await certify({ issuer: acme });
  const { inputs } = find(registrations, issuerType, "certificate-issuer");
  assert.deepEqual((inputs as { spec: unknown }).spec, {
    acme: {
      email: "platform@books.example",
      server: "https://acme.example/directory",
      privateKeySecretRef: { name: "acme-account" },
      solvers: [
        {
          http01: {
            ingress: { ingressClassName: "istio-auth0-unserved", serviceType: "ClusterIP" },
          },
        },
      ],
    },
  });
  const solver = find(registrations, "kubernetes:core/v1:Service", "certificate-solver").inputs;
  assert.deepEqual(solver, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "acme-solver", namespace: "istio-ingress" },
    spec: {
      selector: { "acme.cert-manager.io/http01-solver": "true" },
      ports: [{ name: "http", port: 8089, targetPort: 8089 }],
    },
  });
});

const noNames = { dnsNames: undefined, ipAddresses: undefined };

for (const [url, names] of [
  ["https://localhost:8443", { dnsNames: ["localhost"] }],
  ["https://127.0.0.1:8443", { ipAddresses: ["127.0.0.1"] }],
  ["https://[::1]:8443", { ipAddresses: ["::1"] }],
] as const) {
  test(`the certificate of ${url} is for its host`, async () => {
    const { registrations } = await certify({ url, issuer: { kind: "selfSigned" } });
    const { inputs } = find(registrations, certificateType, "certificate-request");
    const { dnsNames, ipAddresses } = (inputs as { spec: Record<string, unknown> }).spec;
    assert.deepEqual({ dnsNames, ipAddresses }, { ...noNames, ...names });
  });
}

for (const issuer of [{ kind: "selfSigned" }, acme] as const) {
  test(`cert-manager's own schemas take what asks a ${issuer.kind} issuer`, async () => {
    // The package can be imported only.
    const { Certificate, Issuer } =
      await import("@kubernetes-models/cert-manager/cert-manager.io/v1");
    const { registrations } = await certify({ issuer });
    const inputsOf = (type: string, name: string) =>
      find(registrations, type, name).inputs as object;
    new Issuer(inputsOf(issuerType, "certificate-issuer") as never).validate();
    new Certificate(inputsOf(certificateType, "certificate-request")).validate();
  });
}
