/** `npm run explain`: why the mesh lets a request through, or does not, and what to change. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UserError, firstLine, reasonOf } from "../../lib/errors";
import { exitWith } from "../../lib/run";
import { outputsIfAny, runOnSandbox } from "../stack/on-sandbox";
import { projectNamed } from "../stack/project";
import { trust } from "../../lib/trust";
import { readCluster } from "./cluster";
import type { ClusterState } from "./cluster";
import { describeToken, otherIssuer, warningsFor } from "./description";
import type { Accepted } from "./description";
import type { RequestFacts } from "./facts";
import { readToken } from "./input";
import type { Given } from "./input";
import type { KeySets } from "./keys";
import { readRulesKeys } from "./mesh-keys";
import { renderExplanation } from "./report";
import type { Explanation, Verdict } from "./report";
import { decideWay } from "./way";
import { callersOf, waysTo } from "./ways";
import type { Asked, NamedWay } from "./ways";

const help = (
  serviceNames: readonly string[],
) => `Usage: npm run explain -- [FILE | - | TOKEN] [--service SERVICE] [--as CALLER]
                          [--method METHOD] [--path PATH] [--project DIR] [--stack STACK]
                          [--cwd DIR] [--json]

Says for each service whether the mesh lets a request through, which policy and rule decides, why,
and what to change. The policies are read from the stack's cluster; no request is sent to it.

  FILE               file with the access token
  -                  the token comes from standard input
  TOKEN              the token itself: other users of this machine can see it in the list of
                     processes, so prefer FILE or -
                     Without any of these the request is anonymous.
  --service SERVICE  only this service: ${serviceNames.join(", ")}
  --as CALLER        who calls: a service, gateway, or stranger, a workload that no rule names
                     (default: the service's permitted caller, from the gateway on)
  --method METHOD    what the service is asked for (default: GET),
  --path PATH        and where (default: the service's own path)
                     OPTIONS is a request like any other here, not a browser's preflight: those of
                     the origins in gateway.cors the gateway answers by itself
  --stack STACK      the Pulumi stack (default: the selected one, else the sandbox's)
  --project DIR      the project: this one (the default), or a folder in examples/
  --cwd DIR          where the Pulumi CLI finds the stack (default: the project's folder)
  --json             the same as JSON
  --help             this text

Exits with 0 whatever the verdict, with 1 when there is nothing to explain: no token where one was
named, a token of another issuer, a stack that cannot be read.
`;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        service: { type: "string" },
        as: { type: "string" },
        method: { type: "string" },
        path: { type: "string" },
        stack: { type: "string" },
        project: { type: "string" },
        cwd: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (positionals.length > 1) throw new Error("one token at a time");
    return { ...values, token: positionals[0] };
  } catch (error) {
    throw new UserError(`${reasonOf(error)}. See npm run explain -- --help.`);
  }
}

/** One of `names`, or a message that names them all. */
function choose<Name extends string>(
  option: string,
  given: string | undefined,
  names: readonly Name[],
): Name | undefined {
  if (given === undefined) return undefined;
  const chosen = names.find((name) => name === given);
  if (chosen !== undefined) return chosen;
  throw new UserError(`${option} ${firstLine(given, 40)}: one of ${names.join(", ")} is expected`);
}

/** What is asked of the service, where that is not its usual request. */
function requested({ method, path }: { method?: string; path?: string }): Partial<Asked> {
  if (method !== undefined && !/^[A-Z]+$/.test(method))
    throw new UserError(`--method ${firstLine(method, 40)}: a method such as POST is expected`);
  if (path !== undefined && !path.startsWith("/"))
    throw new UserError(`--path ${firstLine(path, 40)}: it has to begin with a slash`);
  return { ...(method !== undefined && { method }), ...(path !== undefined && { path }) };
}

/** @returns the exit code */
async function main(): Promise<number> {
  const options = readArguments();
  const { folder, application } = projectNamed(options.project);
  const serviceNames = Object.keys(application.services);
  if (options.help) {
    process.stdout.write(help(serviceNames));
    return 0;
  }
  const service = choose("--service", options.service, serviceNames);
  const caller = choose("--as", options.as, callersOf(application));
  const asked = requested(options);
  const directory = options.cwd === undefined ? folder : resolve(options.cwd);
  const outputs = await outputsIfAny(application, directory, options.stack);
  if (outputs === undefined) return runOnSandbox("explain");
  const given =
    options.token === undefined ? undefined : await readToken(options.token, process.stdin);
  trust(outputs.certificateAuthority);
  const cluster = await readCluster(application, outputs);
  const { keys, problem } = await readRulesKeys(cluster, outputs.kubeconfig);
  const services = service === undefined ? serviceNames : [service];
  const ways = services.flatMap((each) =>
    waysTo(application, each, caller, cluster, outputs.gatewayUrl, asked),
  );
  const now = new Date();
  const accepted = acceptedBy(cluster, keys, outputs.clientIds);
  const foreign = given === undefined ? undefined : otherIssuer(given, accepted);
  if (foreign !== undefined) console.error(`error: ${foreign}`);
  const explanation: Explanation = {
    token:
      given === undefined
        ? undefined
        : describeToken(
            given,
            now,
            outputs.permissionsClaim,
            // For programs a claim is as it is.
            options.json ? {} : cluster.policies.clients,
          ),
    warnings:
      given === undefined ? [] : [...providersKeys(problem), ...warningsFor(given, accepted)],
    verdicts: alike(serviceNames, await judge(ways, cluster, keys, given, now)),
  };
  const colour = process.stdout.isTTY && process.stdout.hasColors();
  process.stdout.write(
    options.json ? asJson(explanation) : renderExplanation(explanation, { colour }),
  );
  return foreign === undefined ? 0 : 1;
}

const providersKeys = (problem: string | undefined) =>
  problem === undefined
    ? []
    : [`The keys are those that the provider serves now; the mesh may have others: ${problem}.`];

function acceptedBy(
  { policies }: ClusterState,
  keys: KeySets,
  clientIds: Accepted["clientIds"],
): Accepted {
  const rules = policies.requestAuthentications.flatMap(({ spec }) => spec?.jwtRules ?? []);
  const distinct = (names: readonly string[]) => [...new Set(names)];
  return {
    issuers: distinct(rules.map(({ issuer }) => issuer)),
    audiences: distinct(rules.flatMap(({ audiences }) => audiences)),
    keys: [...keys.values()],
    clientIds,
  };
}

function judge(
  ways: readonly NamedWay[],
  { policies }: ClusterState,
  keys: KeySets,
  given: Given | undefined,
  now: Date,
): Promise<readonly Verdict[]> {
  const headers: RequestFacts["headers"] =
    given === undefined ? {} : { authorization: [`Bearer ${given.token}`] };
  return Promise.all(
    ways.map(async (way) => ({
      way,
      decision: await decideWay(policies, keys, way, headers, now),
    })),
  );
}

/** Versions of a service that fare alike share one row. */
function alike(serviceNames: readonly string[], verdicts: readonly Verdict[]): readonly Verdict[] {
  return serviceNames.flatMap((service) => {
    const own = verdicts.filter(({ way }) => way.service === service);
    const [first] = own;
    const differ = new Set(own.map(({ decision }) => JSON.stringify(decision))).size > 1;
    if (first === undefined || differ) return own;
    return [{ ...first, way: { ...first.way, workload: service } }];
  });
}

function asJson({ token, warnings, verdicts }: Explanation): string {
  const document = {
    version: 1,
    token: token === undefined ? null : Object.fromEntries(token),
    warnings,
    services: verdicts.map(({ way: { service, workload, through }, decision }) => {
      const { hop, outcome, status, message, decidedBy, because, change } = decision;
      const calledBy = through;
      return {
        service,
        workload,
        calledBy,
        hop,
        outcome,
        status,
        message,
        decidedBy,
        because,
        change,
      };
    }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

exitWith(main());
