/** `istio-auth0 explain`: why the mesh lets a request through, or does not, and what to change. */
import type { Application } from "../../components/application";
import { exitWith } from "../../lib/run";
import { outputsIfAny, continueOnSandbox } from "../stack/on-sandbox";
import { projectNamed } from "../stack/project";
import { addressed, type Service } from "../stack/services";
import { clientOf } from "../stack/client";
import { chosenOf, readArguments } from "./arguments";
import type { ClusterState } from "./cluster";
import { describeToken, otherIssuer, warningsFor } from "./description";
import { differencesIn } from "./differences";
import type { Accepted } from "./description";
import type { RequestFacts } from "./facts";
import { readToken } from "./input";
import type { Given } from "./input";
import type { KeySets } from "./keys";
import { rowFor } from "./row";
import { renderExplanation } from "./report";
import type { Explanation, Verdict } from "./report";
import { decideWay } from "./way";
import { possibleCallers, waysTo } from "./ways";
import type { NamedWay } from "./ways";

/** @returns the exit code, or none where another program goes on */
async function main(): Promise<number | undefined> {
  const options = readArguments(process.argv.slice(2));
  const { folder, application } = projectNamed(options.project);
  const serviceNames = Object.keys(application.services);
  const { service, caller } = chosenOf(options, serviceNames, possibleCallers(application));
  const outputs = await outputsIfAny(application, options.directory ?? folder, options.stack);
  if (outputs === undefined) {
    continueOnSandbox("explain");
    return undefined;
  }
  const given =
    options.token === undefined ? undefined : await readToken(options.token, process.stdin);
  // The cluster's client is large, and a mistake needs none of it.
  const [{ readCluster, readServices }, { readRulesKeys }] = await Promise.all([
    import("./cluster.js"),
    import("./mesh-keys.js"),
  ]);
  const [cluster, existing] = await Promise.all([
    readCluster(application, outputs),
    readServices(outputs.kubeconfig, application.namespace),
  ]);
  const { keys, problem } = await readRulesKeys(cluster, outputs.kubeconfig, clientOf(outputs));
  const services = service === undefined ? serviceNames : [service];
  const ways = services.flatMap((each) =>
    waysTo(application, each, caller, cluster, outputs, options.asked),
  );
  const now = new Date();
  const differences = differencesIn(application, outputs, cluster.objects);
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
            // For programs a claim is unchanged.
            options.json ? {} : cluster.policies.clients,
          ),
    warnings: [
      ...differences,
      ...(given === undefined ? [] : [...providersKeys(problem), ...warningsFor(given, accepted)]),
    ],
    verdicts: alike(
      serviceNames,
      (await judge(ways, cluster, existing, keys, given, now)).map((verdict) =>
        differences.length > 0 ? differencesFirst(verdict) : verdict,
      ),
    ),
  };
  const colour = process.stdout.isTTY && process.stdout.hasColors();
  process.stdout.write(
    options.json ? asJson(explanation) : renderExplanation(explanation, { colour }),
  );
  return foreign === undefined ? 0 : 1;
}

/** The advice for a refusal is for a mesh that is as the stack asks: what differs comes first. */
const differencesFirst = (verdict: Verdict): Verdict => {
  const { status, change } = verdict.decision;
  if (status !== 403 || change === undefined) return verdict;
  const first = `First put right what is named above. If it is refused all the same: ${change}`;
  return { ...verdict, decision: { ...verdict.decision, change: first } };
};

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
  existing: readonly Service[],
  keys: KeySets,
  given: Given | undefined,
  now: Date,
): Promise<readonly Verdict[]> {
  const headers: RequestFacts["headers"] =
    given === undefined ? {} : { authorization: [`Bearer ${given.token}`] };
  return Promise.all(
    ways.map(async (way) => {
      const decision = await decideWay(policies, keys, way, headers, now);
      const { application, mesh } = policies;
      const row = rowFor(application, mesh, way.hops, decision.position);
      const isAllowed = decision.outcome === "allowed";
      return {
        way,
        decision,
        row,
        fault: isAllowed ? faultOn(way, application, existing) : undefined,
      };
    }),
  );
}

/** The first Service on the way that is not there, or lacks the port that the table has for it. */
function faultOn(
  { hops }: NamedWay,
  { namespace, services }: Application,
  existing: readonly Service[],
): string | undefined {
  return hops
    .flatMap(({ name }) => {
      const port = services[name]?.port;
      return port === undefined ? [] : addressed(existing, { namespace, name, port });
    })
    .find((found) => typeof found === "string");
}

/** Versions of a service with the same result share one row. */
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
    services: verdicts.map(({ way: { service, workload, through }, decision, row, fault }) => {
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
        row,
        decidedBy,
        because,
        change,
        fault,
      };
    }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

exitWith(main());
