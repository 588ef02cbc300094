/** The table of checks: which apply to a stack, in the order in which they are printed. */
import { commandLine } from "../../lib/clone";
import { newNodeProblems, runningNodeProblems } from "../stack/node-limits";
import { type Check, notTried } from "./check";
import { digitalOceanApi, digitalOceanChecks } from "./checks/digitalocean";
import { existingChecks } from "./checks/existing";
import { gatewayChecks } from "./checks/gateway";
import { chartsCheck, versionCheck } from "./checks/istio";
import { kindChecks } from "./checks/kind";
import { limitsCheck } from "./checks/limits";
import { managementChecks } from "./checks/management";
import { providerChecks } from "./checks/provider";
import { secretsCheck } from "./checks/secrets";
import type { Stack } from "./stack";

/**
 * Every check that applies to a stack.
 * @param api the address of DigitalOcean's API, to which the stack's token is sent
 */
export function checksFor(stack: Stack, api = digitalOceanApi): Check[] {
  const { cluster, identity, istio, gateway, login, mesh } = stack.settings;
  const asksForTokens = login.at !== "none" && mesh.egress === "REGISTRY_ONLY";
  const asked = (check: Check) => (stack.isAbsent ? { ...check, run: noSandbox } : check);
  return [
    secretsCheck(stack),
    ...providerChecks(identity, asksForTokens).map(asked),
    ...(identity.kind === "auth0" ? managementChecks(identity, stack).map(asked) : []),
    versionCheck(istio),
    asked(chartsCheck(istio)),
    ...(stack.isSandbox ? [limitsCheck(() => sandboxProblems(stack))] : []),
    ...(cluster.kind === "kind" ? kindChecks(cluster, gateway, stack.application) : []),
    ...(cluster.kind === "digitalocean" ? digitalOceanChecks(cluster, stack, api) : []),
    ...(cluster.kind === "existing" ? existingChecks(cluster, gateway, stack) : []),
    ...gatewayChecks(gateway, cluster),
  ];
}

/** The machine's limits for the sandbox, which may be running already. */
const sandboxProblems = ({ isAbsent, application }: Stack) =>
  isAbsent ? newNodeProblems(application) : runningNodeProblems();

/** Only a running sandbox has its tenant's address and its charts: another program may listen at the usual port. */
const noSandbox = () =>
  notTried("there is no sandbox to check", `Start it: ${commandLine("sandbox")}.`);
