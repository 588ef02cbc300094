/** The stack's outputs: all that verification knows of a stack. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { z } from "zod";
import type { Application } from "../../components/application";
import { tenantAddresses } from "../../components/identity/addresses";
import { corsMethod } from "../../components/settings/cors";
import { pathText, valueAt } from "../../components/settings/path";
import { UserError, firstLine } from "../../lib/errors";
import { whyIncomplete } from "./last-update";

const text = z.string().min(1);
const httpUrl = z.url({ protocol: /^https?$/ });
const perClient = z.object({
  /** Absent where nobody signs in through this stack. */
  web: z.string().min(1).optional(),
  machines: z.record(z.string(), z.string()),
});

/** How an issuer's tokens are recognized. */
const tokens = {
  /** Exactly as in the tokens; Auth0's ends in a slash. */
  issuer: httpUrl,
  jwksUri: httpUrl,
  audience: text,
  /** Where tokens say which permissions they hold: the names that lead to the claim. */
  permissionsClaim: z.array(text).min(1),
  /** Whether that claim is one text, its permissions separated by spaces. */
  spaceDelimited: z.boolean().optional(),
};

/** The users and machines hold roles and permissions of the table. */
const schema = ({ roles, permissions }: Application) =>
  z.object({
    /** Scheme, host and port of the ingress gateway. */
    gatewayUrl: httpUrl,
    ...tokens,
    /** Where tokens are checked, and whose count beside the issuer's. */
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
    /** PEM of the tenant's private certificate authority, where it has one. */
    certificateAuthority: z.string().optional(),
    /** PEM of the private authority that the gateway's certificate comes from, where it has one. */
    gatewayCertificateAuthority: z.string().optional(),
    /** How browsers get in; absent where they do not. */
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
    /** What the stack's routes, entries and imports are made of, apart from the table. */
    routing: z.object({
      egress: z.enum(["ALLOW_ANY", "REGISTRY_ONLY"]),
      imports: z.array(text),
      /** Whether the API server refuses pods that would bypass the table. */
      admission: z.boolean(),
      /** Absent where the stack makes no NetworkPolicies. */
      network: z.object({ metricsFrom: z.array(text) }).optional(),
      /** The settings under `gateway.tls`; absent where the gateway's address is an http one. */
      tls: z
        .object({
          minimumVersion: z.enum(["1.2", "1.3"]),
          issuer: z.object({ kind: z.enum(["selfSigned", "acme"]) }).optional(),
        })
        .optional(),
      /** The settings under `gateway.cors`; absent where no other origin's pages are let in. */
      cors: z
        .object({
          origins: z.array(text).min(1),
          methods: z.array(corsMethod).min(1),
          headers: z.array(text),
          exposeHeaders: z.array(text),
          maxAge: text,
        })
        .optional(),
      /** Each Service that has a destination rule and a route, with the shares of its versions in percent. */
      traffic: z.array(z.object({ service: text, shares: z.record(z.string(), z.number()) })),
      endSessionEndpoint: httpUrl.optional(),
      tokenEndpoint: httpUrl.optional(),
    }),
    /** Findings of `verify` that the team knows: the object, as `verify` names it, and why it may be. */
    accepted: z.array(z.object({ object: text, reason: text })).default([]),
    /** Who was configured with what; what each viewer ought to see is computed from this. */
    viewers: z.object({
      users: z.array(z.object({ email: z.string(), roles: z.array(z.enum(Object.keys(roles))) })),
      machines: z.array(
        z.object({
          name: z.string(),
          permissions: z.array(z.enum(Object.keys(permissions))),
          /** What its token is asked for with. Absent: nothing but the audience. */
          scopes: z.array(text).optional(),
        }),
      ),
      /** What people sign in with. Absent: as `verify` needs it. */
      scopes: z.array(text).optional(),
    }),
  });

export type StackOutputs = z.infer<ReturnType<typeof schema>>;

/** A stack's outputs are not those of this program. */
class IncompleteOutputs extends UserError {
  /** @param problem every output that is missing or wrong; never a value */
  constructor(
    readonly problem: string,
    which = "the stack",
    advice = "run `pulumi up` and try again.",
  ) {
    // Where a line is cut, its end is the list.
    super(`the outputs of ${which} are not complete: ${advice} ${problem}`);
  }
}

/**
 * Checks what a stack exports.
 * @throws UserError naming every output that is missing or malformed; never a value.
 */
export function parseOutputs(application: Application, outputs: unknown): StackOutputs {
  const parsed = schema(application).safeParse(outputs);
  if (!parsed.success) {
    const missing = parsed.error.issues.filter(
      ({ path }) => path.length > 0 && valueAt(outputs, path) === undefined,
    );
    const wrong = parsed.error.issues.filter((issue) => !missing.includes(issue));
    const problems = [
      listed(
        "Missing",
        missing.map(({ path }) => pathText(path)),
      ),
      listed(
        "Wrong",
        wrong.map(({ path, message }) => `${pathText(path) || "all"} (${firstLine(message)})`),
      ),
    ];
    throw new IncompleteOutputs(problems.filter((each) => each !== "").join("; "));
  }
  requireSecrets(parsed.data);
  return parsed.data;
}

/** What an Auth0 tenant calls itself at its own domain, where the stack's tokens bear its custom domain; undefined elsewhere. */
export function issuerAtOwnDomain({
  issuer,
  tenant,
}: Pick<StackOutputs, "issuer" | "tenant">): string | undefined {
  if (tenant === undefined) return undefined;
  const own = tenantAddresses({ domain: tenant.domain }).issuer;
  return own === issuer ? undefined : own;
}

/** Every machine needs something to ask for its token with; people may have their tokens brought. */
function requireSecrets(outputs: StackOutputs): void {
  const missing = [
    ...outputs.viewers.machines.flatMap(({ name }) => [
      ...(outputs.clientIds.machines[name] === undefined ? [`clientIds.machines.${name}`] : []),
      ...(outputs.clientSecrets.machines[name] === undefined
        ? [`clientSecrets.machines.${name}`]
        : []),
    ]),
  ];
  if (missing.length > 0) throw new IncompleteOutputs(listed("Missing", missing));
}

const listed = (what: string, names: readonly string[]) =>
  names.length === 0 ? "" : `${what}: ${names.join(", ")}`;

/** There is no stack to read: no Pulumi CLI, or none is selected in it. */
export class NoStack extends UserError {
  /** @param reason why there is none, in a few words */
  constructor(
    message: string,
    readonly reason: string,
  ) {
    super(message);
  }
}

/**
 * Reads the outputs of a stack with the Pulumi CLI; secrets come over its pipe only.
 * @param application what the stack is of
 * @param directory the project's folder
 * @param stack its name; without it, the selected stack
 * @throws NoStack where there is none to choose; UserError for anything else
 */
export async function readOutputs(
  application: Application,
  directory: string,
  stack?: string,
): Promise<StackOutputs> {
  const which = stack === undefined ? "the selected stack" : `stack ${stack}`;
  const choice = stack === undefined ? [] : [`--stack=${stack}`];
  const printed = await pulumiOutputs(directory, which, choice);
  try {
    return parseOutputs(application, parseJson(printed, which));
  } catch (error) {
    if (!(error instanceof IncompleteOutputs)) throw error;
    throw new IncompleteOutputs(error.problem, which, await whyIncomplete(directory, choice));
  }
}

async function pulumiOutputs(
  directory: string,
  which: string,
  choice: readonly string[],
): Promise<string> {
  if (!isFolder(directory)) {
    throw new UserError(`cannot read the outputs of ${which}: there is no folder ${directory}`);
  }
  try {
    const { stdout } = await promisify(execFile)(
      "pulumi",
      ["stack", "output", "--json", "--show-secrets", "--non-interactive", ...choice],
      { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout;
  } catch (error) {
    const reason = pulumiFailure(error);
    const problem = `cannot read the outputs of ${which}: ${reason}`;
    if (/^no stack selected\b/.test(reason)) throw new NoStack(problem, "none is selected");
    if (reason !== noPulumi) throw new UserError(problem);
    const advice = "Install the Pulumi CLI, or leave --stack out: then it is about the sandbox's.";
    throw new NoStack(`${problem}. ${advice}`, reason);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const noPulumi = "the pulumi command is not on PATH";

/** The CLI's own words. The error's message is not used: it repeats the whole command. */
function pulumiFailure(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") {
    return noPulumi;
  }
  const said = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return firstLine(said).replace(/^error: /, "") || "pulumi failed and said nothing";
}

function parseJson(text: string, which: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`cannot read the outputs of ${which}: pulumi did not print JSON.`);
  }
}
