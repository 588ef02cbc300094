/**
 * The shape of every setting, its default and what is expected where it is wrong.
 *
 * In this file an error's text is what was expected; config.ts puts the key and what was found before it.
 */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { permissions, roles } from "./access";
import { parseKubeconfig, serverOf } from "./cluster/kubeconfig";
import { chartFolders, type ChartSource } from "./mesh/charts";
import { kinds, matching, oneOf, section, text, unique } from "./schema";

/** The settings whose values no message may show. */
export const secretSettings: ReadonlySet<string> = new Set([
  "cluster.kubeconfig",
  "identity.clientSecret",
]);

const kubeconfigShape = "YAML with clusters, contexts and users";

const kubeconfigContent = z
  .string({ error: `a kubeconfig's content: ${kubeconfigShape}` })
  .refine((content) => parseKubeconfig(content) !== undefined, {
    error: `a kubeconfig's content: ${kubeconfigShape}`,
  });

/** Reads the file, so that a wrong path is reported with everything else. */
const kubeconfigFile = text("the path of a kubeconfig file").transform((path, context) => {
  try {
    const content = readFileSync(path.replace(/^~(?=\/)/, homedir()), "utf8");
    if (parseKubeconfig(content) !== undefined) return content;
    context.addIssue(`the path of a kubeconfig file: ${kubeconfigShape}`);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    context.addIssue(`the path of a file that can be read (${reason})`);
  }
  return z.NEVER;
});

const existingCluster = section({
  kind: z.literal("existing"),
  /** A kubeconfig's content, a secret; or else `kubeconfigPath`, a file of this machine. Exactly one of them. */
  kubeconfig: kubeconfigContent.optional(),
  kubeconfigPath: kubeconfigFile.optional(),
  /** Default: the kubeconfig's current one. A context of another API server replaces the whole stack. */
  context: text("the name of one of the kubeconfig's contexts").optional(),
}).transform(({ kind, kubeconfig, kubeconfigPath, context }, problems) => {
  const content = kubeconfig ?? kubeconfigPath;
  if (content === undefined || (kubeconfig !== undefined && kubeconfigPath !== undefined)) {
    problems.addIssue("exactly one of kubeconfig (its content) and kubeconfigPath (a file)");
    return z.NEVER;
  }
  const parsed = parseKubeconfig(content);
  const server = parsed && serverOf(parsed, context);
  if (server === undefined) {
    const expected = "one of the kubeconfig's contexts; default: the kubeconfig's current one";
    problems.addIssue({ code: "custom", path: ["context"], input: context, message: expected });
    return z.NEVER;
  }
  return { kind, kubeconfig: pulumi.secret(content), context, server };
});

/** The oldest Istio without a known hole: CVE-2026-31837 and CVE-2026-39350 are open in older ones. */
const oldestIstio = "1.30.3";
const istioVersion = `an exact version, ${oldestIstio} or later, such as "${oldestIstio}"`;

const charts = section({
  repository: matching(/^https?:\/\/\S+$/, "a Helm repository's URL (https://…)").optional(),
  oci: matching(/^oci:\/\/\S*[^\s/]$/, "an OCI registry's path (oci://…)").optional(),
  folder: text("a folder's path")
    .refine(
      (folder) =>
        Object.values(chartFolders).every((chart) => existsSync(join(folder, chart, "Chart.yaml"))),
      { error: `a folder that holds the charts ${Object.values(chartFolders).join(", ")}` },
    )
    .optional(),
}).transform((sources, problems): ChartSource => {
  const [source, ...others] = (["repository", "oci", "folder"] as const).flatMap((kind) =>
    sources[kind] === undefined ? [] : [{ kind, address: sources[kind] }],
  );
  if (source !== undefined && others.length === 0) return source;
  problems.addIssue("exactly one of repository, oci and folder");
  return z.NEVER;
});

const helmValues = z
  .record(z.string(), z.json(), { error: "an object of Helm values" })
  .default({});

const istio = section({
  /** The charts' exact version; what a folder's charts are, as they cannot say. Changing it upgrades in place. */
  version: matching(/^\d+\.\d+\.\d+(-[\w.]+)?$/, istioVersion)
    .refine((version) => version.localeCompare(oldestIstio, "en", { numeric: true }) >= 0, {
      error: istioVersion,
    })
    .default(oldestIstio),
  /** Where the charts come from. Default: Istio's own Helm repository. */
  charts: charts.default({
    kind: "repository",
    address: "https://istio-release.storage.googleapis.com/charts",
  }),
  /** The registry and path of Istio's images, and their tag. Default: the charts' own. */
  hub: text("an image registry and path, such as registry.istio.io/release").optional(),
  tag: text("an image tag").optional(),
  /** Helm values laid over the program's own, by chart. They are stored in plain text. Default: none. */
  values: section({ base: helmValues, istiod: helmValues, gateway: helmValues }).prefault({}),
});

/** Certificates only: the authority is given to istiod in plain text, so a private key must not slip in. */
function isCertificates(pem: string): boolean {
  const certificates =
    pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || pem.split("-----BEGIN").length - 1 > certificates.length)
    return false;
  try {
    return certificates.every((certificate) => new X509Certificate(certificate).ca);
  } catch {
    return false;
  }
}

const email = "an e-mail address in lower case, as the tenant keeps it";
const domain = "the tenant's host name, without https:// and path, such as tenant.eu.auth0.com";
const certificates = "certificates of a certificate authority in PEM, and nothing else";

const auth0Identity = section({
  kind: z.literal("auth0"),
  /** The tenant's host, or its custom domain. The issuer and the keys' address come from it. */
  domain: matching(/^(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/, domain),
  /** The client that may use the tenant's Management API; its secret is a secret. */
  clientId: text("the client id of the tenant's Management API client"),
  clientSecret: text("the client secret of the tenant's Management API client").transform((value) =>
    pulumi.secret(value),
  ),
  /** PEM of the private authority that the tenant's certificate comes from. Default: a public one. */
  certificateAuthority: z
    .string({ error: certificates })
    .refine(isCertificates, { error: certificates })
    .optional(),
  /** The API's identifier. Changing it replaces the API, and tokens for the old one get 403. */
  audience: text("the API's identifier, such as https://bookinfo.io").default(
    "https://bookinfo.io",
  ),
  /** The tenant's users, each with a generated password. Default: none. */
  users: unique(
    section({
      email: z.email({ error: email }).refine((address) => address === address.toLowerCase(), {
        error: email,
      }),
      name: text("the name that the tenant shows for the user").optional(),
      roles: unique(oneOf(roles), "each role once").default([]),
    }),
    "an address that no other user has",
    "email",
  ).default([]),
  /** Clients that bring their own token (client credentials). Default: none. */
  machines: unique(
    section({
      name: matching(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens"),
      permissions: unique(oneOf(permissions), "each permission once"),
    }),
    "a name that no other machine has",
    "name",
  ).default([]),
});

/** The names of Bookinfo's images. */
export const bookinfoSettings = section({
  /** The registry and path of Bookinfo's images. */
  registry: matching(
    /^[^\s/:]+(:\d+)?(\/[^\s/]+)*$/,
    "an image registry and path without https://, such as registry.istio.io/release",
  ).default("registry.istio.io/release"),
  /** The images' tag. A full one: "latest" would change under a running stack. */
  tag: matching(/^\d+\.\d+\.\d+[\w.-]*$/, 'a full version tag, such as "1.20.3"').default("1.20.3"),
});

/** The types that the gateway's Service can have, and whether such a Service has node ports. */
const serviceTypes = { LoadBalancer: true, NodePort: true, ClusterIP: false } as const;
const gatewayUrl = "an http or https URL without path, such as http://localhost:8080";
const nodePort = "a port number from 1 to 65535";

const gateway = section({
  /** The gateway's URL as browsers see it. Callbacks, logout addresses and the host it answers for come from it. */
  url: z
    .url({ error: gatewayUrl, protocol: /^https?$/ })
    .refine((url) => URL.parse(url)?.origin === url, {
      error: gatewayUrl,
    }),
  /** How the gateway's Service is reached. Default: a load balancer. */
  serviceType: oneOf(serviceTypes).default("LoadBalancer"),
  /** The port that HTTP has on every node. Default: Kubernetes chooses one. */
  nodePort: z
    .int({ error: nodePort })
    .min(1, { error: nodePort })
    .max(65535, { error: nodePort })
    .optional(),
}).superRefine(({ serviceType, nodePort: port }, context) => {
  if (port !== undefined && !serviceTypes[serviceType])
    context.addIssue({
      code: "custom",
      path: ["nodePort"],
      input: port,
      message: "nothing, as a ClusterIP service has no node port",
    });
});

/** The five sections of the stack's configuration. Pulumi.yaml describes every field. */
export const settingsSchema = section({
  cluster: z.discriminatedUnion("kind", [existingCluster], { error: kinds("existing") }),
  istio: istio.prefault({}),
  identity: z.discriminatedUnion("kind", [auth0Identity], { error: kinds("auth0") }),
  bookinfo: bookinfoSettings.prefault({}),
  gateway,
});

export type Settings = z.output<typeof settingsSchema>;
export type ClusterSettings = Settings["cluster"];
export type IstioSettings = Settings["istio"];
export type IdentitySettings = Settings["identity"];
export type BookinfoSettings = Settings["bookinfo"];
export type GatewaySettings = Settings["gateway"];
