import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { bookinfoSettings, loginSettings, type LoginSettings } from "../components/settings";
import { settingsComplaint, settingsProblems } from "../components/config";
import { Failure } from "./failure";
import { readIfThere } from "./files";
import { istioRegistry, type ImageNames } from "./images/images";
import type { Layout } from "./layout";
import type { Project } from "../stack/project";
import { kubeconfigPath, type GatewayPort } from "./node/node";
import type { Decisions } from "./state";
import { identitySecrets, oidcIdentity, realmBeside, realmOf } from "./provider";
import { managementClient, tenantAuthority, tenantDomain } from "./tenant-service";
import type { RealmOptions } from "./tenant/realm/options";
import type { Toolchain } from "./toolchain/toolchain";
import { istioVersion } from "./toolchain/tools";

export const stackName = "sandbox";

/** A setting given on the command line: a path such as `gateway.url`, and its value as YAML. */
export interface Override {
  readonly path: string;
  readonly value: string;
}

/** A stack file's content. Every setting of the program is an object. */
const stackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) }).loose();

/** A project's stack file, as it is or as it is to be. */
export interface Configuration extends z.infer<typeof stackFile> {
  readonly project: Project;
}

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
  const { project } = layout;
  const text = readFileSync(join(project.folder, `Pulumi.${stackName}.yaml`), "utf8");
  const configuration = { ...stackFile.parse(parse(text)), project };
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
  for (const [path, value] of Object.entries(local)) set(configuration, path, value);
  const kind = overrides.findLast(({ path }) => path === "identity.kind")?.value;
  if (kind?.trim() === "oidc") {
    const identity = `${project.name}:identity`;
    const { [identity]: tenant } = configuration.config;
    const domain = tenantDomain(decisions.ports.tenant);
    configuration.config[identity] = oidcIdentity(
      project.application,
      tenant,
      domain,
      tenantAuthority(layout),
    );
  }
  for (const { path, value } of overrides) set(configuration, path, parseValue(path, value));
  // The node has a productpage that signs people in by itself, under this name.
  const { at, image } = loginSettingsOf(configuration);
  if (at === "application" && image === undefined)
    set(configuration, "login.image", applicationImage);
  // The node forwards to a port that is known beforehand.
  const { tls } = withCertificate.parse(settingsOf(configuration).gateway);
  if (tls !== undefined && tls.nodePort === undefined)
    set(configuration, "gateway.tls.nodePort", secureNodePort);
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

/** A path's steps: `a.b[0].c` leads to the setting a, its field b, that list's first entry and its field c. */
const stepsOf = (path: string) => path.split(/[.[\]]+/).filter((step) => step !== "");

/** Sets a value inside the settings; `a.b.c` is the field c of b of the setting a. */
function set({ project, config }: Configuration, path: string, value: unknown): void {
  const [setting = "", ...fields] = stepsOf(path);
  const last = fields.pop();
  if (last === undefined) {
    throw new Failure(`--set ${path}: name a field of a setting, such as gateway.url`);
  }
  let target: Record<string, unknown> = config;
  for (const field of [`${project.name}:${setting}`, ...fields]) {
    requireEntry(target, field, path);
    const found = container.safeParse(target[field] ?? {});
    if (!found.success) throw new Failure(`--set ${path}: ${field} has no fields`);
    target[field] = found.data;
    target = found.data as Record<string, unknown>;
  }
  requireEntry(target, last, path);
  target[last] = value;
}

/** A list takes a value in the place of an entry, or behind the last. */
function requireEntry(target: object, field: string, path: string): void {
  if (!Array.isArray(target) || (/^\d+$/.test(field) && Number(field) <= target.length)) return;
  throw new Failure(`--set ${path}: a list of ${target.length} has no [${field}]`);
}

/** Takes a value out of the settings. */
function take({ project, config }: Configuration, path: string): unknown {
  const [setting = "", ...fields] = stepsOf(path);
  const last = fields.pop() ?? "";
  let target: Record<string, unknown> = config;
  for (const field of [`${project.name}:${setting}`, ...fields]) {
    const found = container.safeParse(target[field]);
    if (!found.success) return undefined;
    target = found.data as Record<string, unknown>;
  }
  const value = target[last];
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a copy of the file's content
  delete target[last];
  return value;
}

/** What has fields: an object, or a list, whose fields are its entries. It is kept as it is, and not copied. */
const container = z.custom<object>((value) => typeof value === "object" && value !== null);

/** The settings of the program alone, by their own names. */
function settingsOf({ project, config }: Configuration): Record<string, unknown> {
  const prefix = `${project.name}:`;
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
  const complete = { ...configuration, config: structuredClone(configuration.config) };
  for (const [path, secret] of Object.entries(secretsOf(configuration, decisions)))
    set(complete, path, secret);
  const known = settingsOf(complete);
  const unmade = ["cluster.kubeconfigPath", ...later];
  const problems = settingsProblems(configuration.project.application, known).filter(
    (problem) => !unmade.some((setting) => problem.startsWith(`${setting}:`)),
  );
  if (problems.length > 0) throw new Failure(settingsComplaint(stackName, problems));
}

/** The settings under `identity`. */
export const identityOf = (configuration: Configuration): unknown =>
  settingsOf(configuration).identity;

/** The settings that are stored encrypted, by path. */
export function secretsOf(
  configuration: Configuration,
  decisions: Decisions,
): Record<string, string> {
  return identitySecrets(settingsOf(configuration).identity, decisions);
}

/** The productpage that signs people in by itself, unless another name is asked for. */
const applicationImage = "localhost/productpage:1.0.0";

const loginShape = z
  .object({ at: z.enum(["none", "gateway", "application"]), image: z.string().optional() })
  .catch({ at: "none" });

/** Where people sign in, as far as the settings say it; what is wrong is said elsewhere. */
const loginSettingsOf = (configuration: Configuration) =>
  loginShape.parse(settingsOf(configuration).login);

/** Whether the stack needs what a login at the gateway runs. */
export const hasGatewayLogin = (configuration: Configuration): boolean =>
  loginSettingsOf(configuration).at === "gateway";

/** The OpenID Connect provider that the stack is to find there already, if it asks for one. */
export function realmFor(
  configuration: Configuration,
  decisions: Decisions,
): RealmOptions | undefined {
  const { identity, authentication, gateway } = settingsOf(configuration);
  const { url } = z.object({ url: z.url() }).parse(gateway);
  const own = realmOf(
    identity,
    {
      application: configuration.project.application,
      gatewayUrl: url,
      login: loginSettingsOf(configuration).at,
    },
    decisions,
  );
  return own ?? realmBeside(authentication);
}

/** A login at the gateway and one in the application, whose images a node has where modes take turns on it. */
const everyLogin: readonly LoginSettings[] = [
  loginSettings.parse({ at: "gateway" }),
  loginSettings.parse({ at: "application", image: applicationImage }),
];

/** Whose images the node has: those that the stack asks for, or those of every login beside them. */
export type NodeImages = "asked for" | "of every login";

/** What the stack calls its images. */
export function imageNames(configuration: Configuration, images: NodeImages): ImageNames {
  const { bookinfo = {}, login = { at: "none" } } = settingsOf(configuration);
  const { application, folder } = configuration.project;
  const { image } = application;
  return {
    ...bookinfoSettings.parse(bookinfo),
    logins: images === "asked for" ? [loginSettings.parse(login)] : everyLogin,
    ...(image !== undefined && { service: { image, source: join(folder, "service.ts") } }),
  };
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
  const { gateway, identity } = settingsOf({
    ...stackFile.parse(parse(text)),
    project: layout.project,
  });
  const { url } = z.object({ url: z.string() }).parse(gateway);
  const { domain, issuer } = z
    .object({ domain: z.string().optional(), issuer: z.string().optional() })
    .parse(identity);
  return { gateway: url, tenant: issuer ?? `https://${domain}/` };
}

const working = z.object({
  encryptionsalt: z.string(),
  config: z.record(z.string(), z.unknown()),
});

const secure = z.strictObject({ secure: z.string() });

/** What an earlier run encrypted: each secret's ciphertext by its path, and what it takes to decrypt them. */
export interface Encrypted {
  readonly encryptionsalt: string;
  readonly secrets: Readonly<Record<string, z.infer<typeof secure>>>;
}

/**
 * What an earlier run encrypted in the working copy: all that this configuration's identity needs, or nothing. Where
 * anything else under `identity` was another, the place in a list may have been somebody else's.
 */
export function encryptedParts(
  workingCopy: string | undefined,
  configuration: Configuration,
  paths: readonly string[],
): Encrypted | undefined {
  const { data } = working.safeParse(parse(workingCopy ?? ""));
  if (data === undefined) return undefined;
  const { encryptionsalt, config } = data;
  const { project } = configuration;
  const secrets = Object.fromEntries(
    paths.flatMap((path) => {
      const found = secure.safeParse(take({ project, config }, path));
      return found.success ? [[path, found.data]] : [];
    }),
  );
  const isComplete = paths.every((path) => path in secrets);
  const identity = `${project.name}:identity`;
  const isCounted = paths.some((path) => path.includes("["));
  const isSame = isDeepStrictEqual(config[identity], configuration.config[identity]);
  return isComplete && (isSame || !isCounted) ? { encryptionsalt, secrets } : undefined;
}

/** The configuration with those parts in it. */
export function withEncrypted(
  configuration: Configuration,
  parts: Encrypted | undefined,
): Configuration {
  if (parts === undefined) return configuration;
  const whole = { ...configuration, config: structuredClone(configuration.config) };
  for (const [path, secret] of Object.entries(parts.secrets)) set(whole, path, secret);
  return { ...whole, encryptionsalt: parts.encryptionsalt };
}
