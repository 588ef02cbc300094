/**
 * The table, as the running mesh enforces it: every viewer's request to every service from every
 * vantage point, each beside the outcome that was asked for.
 */
import tls from "node:tls";
import { namespaces } from "../components/names";
import { planCells } from "./cells";
import { reasonOf, VerifyError } from "./errors";
import { readSigningKeys } from "./forge";
import type { SigningKeys } from "./forge";
import { judge } from "./judge";
import type { JudgedCell, Verdict } from "./judge";
import type { StackOutputs } from "./outputs";
import { defaultProbeImage, probePods } from "./pods";
import type { ProbePod } from "./probe-pod";
import { localProber } from "./prober";
import type { Prober } from "./prober";
import { sendAll, settle } from "./send";
import type { Probers } from "./send";
import { forgedTokens, genuineTokens } from "./tokens";
import type { Tokens } from "./tokens";
import { vantagePoints } from "./vantages";
import type { Vantage } from "./vantages";
import { viewersOf } from "./viewers";
import { together, unlessAborted, until } from "./waiting";

export interface VerifyOptions {
  /**
   * File with the tenant's private signing keys, a JWK set. Without it the tokens that need the
   * tenant's own signature are not tried.
   */
  readonly signingKey?: string;
  /** Image of the probe pods; `node` has to be on its PATH. Default: `defaultProbeImage`. */
  readonly probeImage?: string;
  /** Milliseconds to wait for the policies to reach every sidecar. Default: 30 000. */
  readonly settleDeadline?: number;
  /** Milliseconds to wait for the probe pods. Default: 120 000. */
  readonly probeDeadline?: number;
  /** Milliseconds to wait for the gateway to answer at all. Default: 15 000. */
  readonly gatewayDeadline?: number;
  /** Called with one line whenever another step begins. */
  readonly progress?: (line: string) => void;
  /** Ends the run early; what it made is removed. */
  readonly signal?: AbortSignal;
}

/** What was asked for and what came back. It holds no token. */
export interface Report {
  readonly gatewayUrl: string;
  readonly issuer: string;
  readonly cells: readonly JudgedCell[];
  readonly summary: {
    readonly cells: number;
    readonly differences: number;
    readonly unproven: number;
    readonly notTried: number;
  };
}

/**
 * Verifies a stack that is up.
 * @throws VerifyError when it cannot be verified; a difference is no error but a part of the report
 */
export async function verify(outputs: StackOutputs, options: VerifyOptions = {}): Promise<Report> {
  const { progress = () => undefined, signal = new AbortController().signal } = options;
  const { signingKey } = options;
  const signingKeys = signingKey === undefined ? undefined : await readSigningKeys(signingKey);
  trust(outputs.certificateAuthority);
  const vantages = vantagePoints(outputs.gatewayUrl);
  const pods = probePods({
    kubeconfig: outputs.kubeconfig,
    namespace: namespaces.application,
    image: options.probeImage ?? defaultProbeImage,
    deadline: options.probeDeadline ?? 120_000,
  });
  const here = localProber();
  try {
    await gatewayAnswers(here, outputs.gatewayUrl, options.gatewayDeadline ?? 15_000, signal);
    progress("Signing in as every viewer and starting the probe pods …");
    const [tokens, inPods] = await together(
      signal,
      (either) => allTokens(outputs, signingKeys, either),
      (either) => pods.start(podsOf(vantages), either),
    );
    const planned = planCells(vantages, viewersOf(outputs.viewers), tokens);
    const probers = probersOf(vantages, here, inPods);
    progress("Waiting until the policies have reached every sidecar …");
    const deadline = options.settleDeadline ?? 30_000;
    const settled = await unlessAborted(settle(planned, probers, deadline, signal), signal);
    if (!settled) progress("Not every answer is as expected; going on to say which.");
    progress(`Sending ${planned.length} requests …`);
    const cells = judge(await unlessAborted(sendAll(planned, probers), signal));
    return { gatewayUrl: outputs.gatewayUrl, issuer: outputs.issuer, cells, summary: sum(cells) };
  } finally {
    here.close();
    await pods.remove().catch((error: unknown) => {
      progress(`Probe pods may be left for ten minutes: ${reasonOf(error)}`);
    });
  }
}

/** Whether everything that was tried is as asked for, and no refusal lacks its control. */
export function isProven({ summary }: Report): boolean {
  return summary.differences === 0 && summary.unproven === 0;
}

/** Trusts the tenant's private certificate authority, besides those that are trusted already. */
function trust(certificateAuthority: string | undefined): void {
  const trusted = tls.getCACertificates("default");
  if (certificateAuthority === undefined || trusted.includes(certificateAuthority)) return;
  tls.setDefaultCACertificates([...trusted, certificateAuthority]);
}

async function gatewayAnswers(
  here: Prober,
  gatewayUrl: string,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  const request = { origin: new URL(gatewayUrl).origin, path: "/productpage", headers: {} };
  let reason = "";
  const answers = await until(
    async () => {
      const [observed] = await unlessAborted(here.send([request]), signal);
      if (observed === undefined || !("error" in observed)) return true;
      reason = observed.error;
      return undefined;
    },
    { deadline, signal },
  );
  if (answers === undefined) {
    throw new VerifyError(
      `the gateway ${gatewayUrl} does not answer (${reason}). Is the stack up, and gateway.url its address?`,
    );
  }
}

async function allTokens(
  outputs: StackOutputs,
  keys: SigningKeys | undefined,
  signal: AbortSignal,
): Promise<Tokens> {
  const genuine = await genuineTokens(outputs, signal);
  return new Map([...genuine, ...(await forgedTokens(outputs, genuine, signal, keys))]);
}

function podsOf(vantages: readonly Vantage[]): readonly ProbePod[] {
  return vantages.flatMap(({ pod }) => pod ?? []);
}

function probersOf(
  vantages: readonly Vantage[],
  here: Prober,
  inPods: ReadonlyMap<string, Prober>,
): Probers {
  return new Map(
    vantages.flatMap(({ name, pod }): [string, Prober][] => {
      const prober = pod === undefined ? here : inPods.get(pod.name);
      return prober === undefined ? [] : [[name, prober]];
    }),
  );
}

function sum(cells: readonly JudgedCell[]): Report["summary"] {
  const count = (verdict: Verdict) => cells.filter((cell) => cell.verdict === verdict).length;
  return {
    cells: cells.length,
    differences: count("different"),
    unproven: count("unproven"),
    notTried: count("not tried"),
  };
}
