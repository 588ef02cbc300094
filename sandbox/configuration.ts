import { join } from "node:path";
import { z } from "zod";
import { loginSettings, type LoginSettings } from "../components/settings";
import { settingsComplaint, settingsProblems } from "../components/config";
import type { Plain } from "../components/settings/plain";
import { NotYaml, readYaml, type Yaml } from "../commands/stack/pulumi-yaml";
import { readProjectFile, readStackFile } from "../commands/stack/stack-file";
import { UserError } from "../lib/errors";
import type { ImageNames } from "./images/images";
import { sampleLoginImage, sampleNamesOf } from "./images/samples";
import { istioRegistry } from "../local/images/istio";
import { type Layout } from "./layout";
import { stackName } from "../commands/stack/project";
import { kubeconfigPath, type GatewayPort } from "../local/node/node";
import type { Decisions } from "./state";
import { identitySecrets, oidcIdentity, additionalRealm, realmOf } from "./provider";
import { set, settingsOf, type Configuration } from "./setting-paths";
import { customDomain, managementClient, tenantAuthority, tenantDomain } from "./tenant-service";
import type { RealmOptions } from "../local/tenant/realm/options";
import type { Toolchain } from "../local/toolchain/toolchain";
import { istioVersion } from "../local/toolchain/tools";

/** A setting given on the command line: a path such as `gateway.url`, and its value as YAML. */
export interface Override {
  readonly path: string;
  readonly value: string;
}

/** The port of HTTPS on the node, unless the settings name another. */
const secureNodePort = 30443;

/** The settings under `gateway`, only to find out whether there is a certificate; mistakes are reported elsewhere. */
const withCertificate = z.object({ tls: z.record(z.string(), z.unknown()).optional() }).catch({});

/**
 * Pulumi.sandbox.yaml, with values that only this machine knows, and over them the settings of the command line.
 * @throws UserError that names the first override that is not a setting, or says that the file cannot be read
 */
export function sandboxConfiguration(
  layout: Layout,
  { charts }: Pick<Toolchain, "charts">,
  decisions: Decisions,
  overrides: readonly Override[],
): Configuration {
  const { project } = layout;
  const { config, rest, plain } = readStackFile(readProjectFile(project.folder), stackName);
  const given = overrides.map(({ path, value }) => ({ path, ...parseValue(path, value) }));
  const written = given.flatMap(({ path, plain: values }) => plainAt(path, values));
  const configuration = { project, config, rest, plain: new Map([...plain, ...written]) };
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
  const asked = (wanted: string) => overrides.findLast(({ path }) => path === wanted)?.value.trim();
  if (asked("identity.kind") === "oidc") {
    const identity = `${project.name}:identity`;
    const { [identity]: tenant } = configuration.config;
    const domain = tenantDomain(decisions.ports.tenant);
    configuration.config[identity] = oidcIdentity(
      project.application,
      tenant,
      domain,
      tenantAuthority(layout),
      asked("identity.issuer"),
    );
  }
  for (const { path, value } of given) set(configuration, path, value);
  // The node has an image under this name that signs people in by itself.
  const { at, image } = loginSettingsOf(configuration);
  if (at === "application" && image === undefined)
    set(configuration, "login.image", sampleLoginImage);
  // The node forwards to a port that has to be known before.
  const { tls } = withCertificate.parse(settingsOf(configuration).gateway);
  if (tls !== undefined && tls.nodePort === undefined)
    set(configuration, "gateway.tls.nodePort", secureNodePort);
  return configuration;
}

function parseValue(path: string, value: string): Yaml {
  // YAML would make one line of a certificate's lines.
  if (value.startsWith("-----BEGIN ")) return { value, plain: new Map() };
  try {
    return readYaml(value);
  } catch (error) {
    if (!(error instanceof NotYaml)) throw error;
    throw new UserError(`--set ${path}: its value is not YAML`);
  }
}

/** The values of an option as they are written, by the settings' paths. */
function plainAt(path: string, values: Yaml["plain"]): [string, Plain][] {
  return [...values].map(([inside, plain]) => [
    path + (inside === "" || inside.startsWith("[") ? inside : `.${inside}`),
    { ...plain, option: true },
  ]);
}

/**
 * Checks every setting before anything is started, as the program itself does later. The kubeconfig is left to the
 * program, because the node that makes it may not be running yet.
 * @param later settings whose values the sandbox makes itself later
 * @param further problems that were found elsewhere, to be named with the others
 * @throws UserError that names every problem
 */
export function checkConfiguration(
  configuration: Configuration,
  decisions: Decisions,
  later: readonly string[] = [],
  further: readonly string[] = [],
): void {
  const complete = { ...configuration, config: structuredClone(configuration.config) };
  for (const [path, secret] of Object.entries(secretsOf(configuration, decisions)))
    set(complete, path, secret);
  const known = settingsOf(complete);
  const unmade = ["cluster.kubeconfigPath", ...later];
  const problems = [
    ...clusterProblems(known),
    ...domainProblems(known, decisions),
    ...settingsProblems(configuration.project.application, known, configuration.plain).filter(
      (problem) => !unmade.some((setting) => problem.startsWith(`${setting}:`)),
    ),
    ...further,
  ];
  if (problems.length > 0) throw new UserError(settingsComplaint(stackName, problems));
}

/** What is wrong if the stack would make a cluster of its own. */
function clusterProblems({ cluster }: Readonly<Record<string, unknown>>): string[] {
  const { data } = z.object({ kind: z.string() }).safeParse(cluster);
  if (data === undefined || data.kind === "existing") return [];
  return [
    `cluster.kind: found ${JSON.stringify(data.kind)}, expected "existing": the cluster is the sandbox's node`,
  ];
}

/** What is wrong if the tenant would be asked under a name that leads elsewhere. */
function domainProblems(
  { identity }: Readonly<Record<string, unknown>>,
  { ports }: Pick<Decisions, "ports">,
): string[] {
  const { data } = z
    .object({ kind: z.literal("auth0"), customDomain: z.string() })
    .safeParse(identity);
  const own = customDomain(ports.tenant);
  if (data === undefined || data.customDomain === own) return [];
  return [
    `identity.customDomain: found ${JSON.stringify(data.customDomain)}, expected "${own}": the tenant is the sandbox's, and has this name in addition to its own`,
  ];
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

const loginShape = z
  .object({ at: z.enum(["none", "gateway", "application"]), image: z.string().optional() })
  .catch({ at: "none" });

/** Where people sign in, as far as the settings say so; mistakes are reported elsewhere. */
const loginSettingsOf = (configuration: Configuration) =>
  loginShape.parse(settingsOf(configuration).login);

/** Whether the stack needs what a login at the gateway runs. */
export const hasGatewayLogin = (configuration: Configuration): boolean =>
  loginSettingsOf(configuration).at === "gateway";

/** The OpenID Connect provider that the stack expects to exist already, if it expects one. */
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
  return own ?? additionalRealm(authentication);
}

/** A login at the gateway and one in the application: a node that all modes use needs the images of both. */
const everyLogin: readonly LoginSettings[] = [
  loginSettings.parse({ at: "gateway" }),
  loginSettings.parse({ at: "application", image: sampleLoginImage }),
];

/** A login with its images alone: a node need not start again for another setting of it. */
function imagesOf(login: LoginSettings): readonly LoginSettings[] {
  if (login.at === "none") return [];
  if (login.at === "application")
    return [loginSettings.parse({ at: login.at, image: login.image })];
  const { at, image, redisImage } = login;
  return [loginSettings.parse({ at, image, redisImage })];
}

/**
 * What the stack calls its images.
 * @param ofEveryLogin whether the node has those of every login: then it need not start again for another one
 */
export function imageNames(configuration: Configuration, ofEveryLogin: boolean): ImageNames {
  const settings = settingsOf(configuration);
  const { application, folder } = configuration.project;
  const asked = loginSettings.parse(settings.login ?? { at: "none" });
  const own = imagesOf(asked);
  const others = everyLogin.filter(({ at }) => at !== asked.at);
  const { image } = application;
  const samples = sampleNamesOf(application, settings);
  return {
    ...(samples && { samples }),
    logins: (ofEveryLogin && application.people ? [...own, ...others] : own).toSorted(
      (one, other) => (one.at < other.at ? -1 : 1),
    ),
    ...(image !== undefined && { service: { image, source: join(folder, "service.ts") } }),
  };
}

const gatewaySettings = z.object({
  url: z.url(),
  nodePort: z.number({ error: "missing" }),
  tls: z.object({ nodePort: z.number() }).optional(),
});

/**
 * The ports at which the gateway is reached. The URL's port leads to HTTPS if there is a certificate; HTTP, which
 * redirects to it, then has the port that was decided for the gateway, unless the URL has that.
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
