import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { bookinfoSettings, type BookinfoSettings } from "../components/settings";
import { settingsComplaint, settingsProblems } from "../components/config";
import { Failure } from "./failure";
import { readIfThere } from "./files";
import { istioRegistry } from "./images/images";
import { clone, type Layout } from "./layout";
import { kubeconfigPath, type GatewayPort } from "./node/node";
import type { Decisions } from "./state";
import { managementClient, tenantAuthority, tenantDomain } from "./tenant-service";
import type { Toolchain } from "./toolchain/toolchain";
import { istioVersion } from "./toolchain/tools";

export const stackName = "sandbox";
export const project = "istio-auth0";

/** The one setting that is stored encrypted. */
export const secretPath = "identity.clientSecret";

/** A setting given on the command line: a path such as `gateway.url`, and its value as YAML. */
export interface Override {
  readonly path: string;
  readonly value: string;
}

/** A stack file's content. Every setting of the program is an object. */
const stackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) }).loose();

export type Configuration = z.infer<typeof stackFile>;

/** The port that HTTPS has on the node, unless another one is asked for. */
const secureNodePort = 30443;

/** The settings under `gateway` as far as they say that there is a certificate; what is wrong is said elsewhere. */
const withCertificate = z.object({ tls: z.record(z.string(), z.unknown()).optional() }).catch({});

/**
 * Pulumi.sandbox.yaml, with what only this machine knows, and over it what was asked for on the command line.
 * @throws Failure naming the first override that is no setting
 */
export function sandboxConfiguration(
  layout: Layout,
  { charts }: Pick<Toolchain, "charts">,
  decisions: Decisions,
  overrides: readonly Override[],
): Configuration {
  const text = readFileSync(join(clone, `Pulumi.${stackName}.yaml`), "utf8");
  const configuration = stackFile.parse(parse(text));
  const local: Record<string, unknown> = {
    "cluster.kubeconfigPath": kubeconfigPath(layout),
    "istio.version": istioVersion,
    "istio.charts.folder": charts,
    "istio.hub": istioRegistry,
    "istio.tag": istioVersion,
    "gateway.url": `http://localhost:${decisions.ports.gateway}`,
    "identity.domain": tenantDomain(decisions.ports.tenant),
    "identity.clientId": managementClient,
    "identity.certificateAuthority": tenantAuthority(layout),
  };
  for (const [path, value] of Object.entries(local)) set(configuration.config, path, value);
  for (const { path, value } of overrides) set(configuration.config, path, parseValue(path, value));
  // The node forwards to a port that is known beforehand.
  const { tls } = withCertificate.parse(settingsOf(configuration).gateway);
  if (tls !== undefined && tls.nodePort === undefined)
    set(configuration.config, "gateway.tls.nodePort", secureNodePort);
  return configuration;
}

function parseValue(path: string, value: string): unknown {
  // YAML would make one line of a certificate's many.
  if (value.startsWith("-----BEGIN ")) return value;
  try {
    return parse(value);
  } catch {
    throw new Failure(`--set ${path}: its value is not YAML`);
  }
}

/** Sets a value inside the settings; `a.b.c` is the field c of b of the setting a. */
function set(config: Record<string, unknown>, path: string, value: unknown): void {
  const [setting = "", ...fields] = path.split(".");
  const last = fields.pop();
  if (last === undefined) {
    throw new Failure(`--set ${path}: name a field of a setting, such as gateway.url`);
  }
  let target = config;
  for (const field of [`${project}:${setting}`, ...fields]) {
    const found = z.record(z.string(), z.unknown()).safeParse(target[field] ?? {});
    if (!found.success) throw new Failure(`--set ${path}: ${field} has no fields`);
    target[field] = found.data;
    target = found.data;
  }
  target[last] = value;
}

/** The settings of the program alone, by their own names. */
function settingsOf({ config }: Configuration): Record<string, unknown> {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), structuredClone(value)]),
  );
}

/**
 * Checks every setting before anything is started, as the program itself will. The kubeconfig is left to
 * the program: the node that makes it may not have run yet.
 * @param later settings whose values the sandbox itself has yet to make
 * @throws Failure naming every problem
 */
export function checkConfiguration(
  configuration: Configuration,
  decisions: Decisions,
  later: readonly string[] = [],
): void {
  const settings = settingsOf(configuration);
  const identity = z.record(z.string(), z.unknown()).catch({}).parse(settings.identity);
  const known = {
    ...settings,
    identity: { ...identity, clientSecret: decisions.managementSecret },
  };
  const unmade = ["cluster.kubeconfigPath", ...later];
  const problems = settingsProblems(known).filter(
    (problem) => !unmade.some((setting) => problem.startsWith(`${setting}:`)),
  );
  if (problems.length > 0) throw new Failure(settingsComplaint(stackName, problems));
}

/** What the stack calls Bookinfo's images. */
export function bookinfoNames(configuration: Configuration): BookinfoSettings {
  return bookinfoSettings.parse(settingsOf(configuration).bookinfo ?? {});
}

const gatewaySettings = z.object({
  url: z.url(),
  nodePort: z.number({ error: "missing" }),
  tls: z.object({ nodePort: z.number() }).optional(),
});

/**
 * Where the gateway is reached: the URL's port, which leads to HTTPS where there is a certificate; HTTP, which
 * redirects there, then has the port that was decided for the gateway, unless the URL has that.
 */
export function gatewayPorts(
  configuration: Configuration,
  { ports }: Pick<Decisions, "ports">,
): readonly GatewayPort[] {
  const { url, nodePort, tls } = gatewaySettings.parse(settingsOf(configuration).gateway);
  const { port: given, protocol } = new URL(url);
  const port = given === "" ? (protocol === "https:" ? 443 : 80) : Number(given);
  if (tls === undefined) return [{ port, nodePort }];
  const secure = { port, nodePort: tls.nodePort };
  return port === ports.gateway ? [secure] : [secure, { port: ports.gateway, nodePort }];
}

/** Pulumi's own copy of the stack's configuration. */
export const workingCopy = (layout: Layout) => join(layout.pulumi, `Pulumi.${stackName}.yaml`);

/** The addresses of the last run, each only where there was one. */
export function knownAddresses(layout: Layout): { gateway?: string; tenant?: string } {
  const text = readIfThere(workingCopy(layout));
  if (text === undefined) return {};
  const { gateway, identity } = settingsOf(stackFile.parse(parse(text)));
  const { url } = z.object({ url: z.string() }).parse(gateway);
  const { domain } = z.object({ domain: z.string() }).parse(identity);
  return { gateway: url, tenant: `https://${domain}/` };
}

const encrypted = z.object({
  encryptionsalt: z.string(),
  config: z.object({
    [`${project}:identity`]: z.object({ clientSecret: z.object({ secure: z.string() }) }),
  }),
});

type Encrypted = z.infer<typeof encrypted>;

/** What an earlier run encrypted in the working copy, and what it takes to decrypt it. */
export function encryptedParts(workingCopy: string | undefined): Encrypted | undefined {
  return workingCopy === undefined ? undefined : encrypted.safeParse(parse(workingCopy)).data;
}

/** The configuration with those parts in it. */
export function withEncrypted(
  configuration: Configuration,
  parts: Encrypted | undefined,
): Configuration {
  if (parts === undefined) return configuration;
  const config = structuredClone(configuration.config);
  set(config, secretPath, parts.config[`${project}:identity`].clientSecret);
  return { ...configuration, encryptionsalt: parts.encryptionsalt, config };
}
