/**
 * The table, as the running mesh enforces it: every viewer's request to every service from every
 * vantage point, each with the outcome that the table requires.
 */
import type { Application } from "../../components/application";
import { cellOf, planCells } from "./plan/cells";
import { allCredentials } from "./tokens/credentials";
import type { AllCredentials } from "./tokens/credentials";
import { decisionsOn } from "./plan/decisions";
import { UserError } from "../../lib/errors";
import { judge } from "./judge";
import type { JudgedCell, Verdict } from "./judge";
import { clientOf } from "../stack/client";
import type { StackOutputs } from "../stack/outputs";
import { findUnexplained, type Findings } from "./findings";
import { faultBehind } from "./findings/faults";
import { ownAnswers } from "./findings/own-answers";
import {
  accountsToProbeAs,
  outsidersPod,
  strangersPod,
  unlistedOrigin,
  vantagePoints,
} from "./plan/vantages";
import { identityOf, issueIdentities, type Identities } from "./probes/identities";
import type { ComingProbers } from "./probes/pods";
import { podAddresses } from "./probes/pod-addresses";
import { startProbes } from "./probes/probes";
import type { Probes } from "./probes/probes";
import { localProber } from "./probes/prober";
import type { Prober } from "./probes/prober";
import { removeProbes } from "./removal";
import { sendUntilSettled } from "./probes/send";
import { readRecords, type Records } from "./records";
import type { Sender } from "./probes/send";
import { sessionsOf, type SessionOptions } from "./tokens/sessions";
import { readSigningKeys } from "./tokens/signing-keys";
import type { SigningKeys } from "./tokens/signing-keys";
import { genuineTokens } from "./tokens/tokens";
import type { IssuedTokens } from "./tokens/tokens";
import type { Vantage } from "./plan/vantages";
import { alikeFor } from "./plan/alike";
import { attackingViewer, viewersOf, wholeViewer } from "./plan/viewers";
import { together, unlessAborted, pollUntil } from "../../lib/poll";

export interface VerifyOptions {
  /**
   * File with the tenant's private signing keys, a JWK set. Without it the tokens that need the
   * tenant's own signature are not tried.
   */
  readonly signingKey?: string;
  /** Existing tokens, by viewer; these users do not sign in. */
  readonly given?: IssuedTokens;
  /** Probe pods that are starting already. They are removed at the end, like its own. */
  readonly probes?: Probes;
  /** Image of the probe pods; `node` has to be on its PATH. Default: `defaultProbeImage`. */
  readonly probeImage?: string;
  /**
   * Milliseconds to wait for the login and the policies to reach every proxy. Default: 30 000; 5 000 for policies where
   * something is found that the stack does not explain
   */
  readonly settleDeadline?: number | undefined;
  /** Milliseconds to wait for the probe pods. Default: 120 000. */
  readonly probeDeadline?: number;
  /** Milliseconds to wait until services have logged what they have answered. Default: 5 000. */
  readonly recordsDeadline?: number;
  /** Milliseconds to wait for the gateway to answer at all. Default: 15 000. */
  readonly gatewayDeadline?: number;
  /** Called with one line whenever another step begins. */
  readonly progress?: (line: string) => void;
  /** Ends the run early; what it made is removed. */
  readonly signal?: AbortSignal;
}

/** What was expected and what came. It contains no token. */
export interface Report {
  readonly gatewayUrl: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly cells: readonly JudgedCell[];
  /** What the cluster or the tenant has and the stack does not explain. */
  readonly findings: Findings;
  /** The table's requirements that no viewer tells apart. */
  readonly alike: readonly (readonly string[])[];
  /** What the services' logs show: that they have not received what was refused. */
  readonly records: Records;
  readonly summary: {
    readonly cells: number;
    readonly differences: number;
    readonly unproven: number;
    readonly cannotBeToldApart: number;
    readonly notTried: number;
  };
}

/** Milliseconds after which policies have reached every proxy, also of a large and busy mesh. */
const surelySettled = 30_000;

/** Milliseconds that they usually take. With a finding the stack is not proven, however long verify waits. */
const usuallySettled = 5_000;

/**
 * Verifies a running stack.
 * @throws UserError when it cannot be verified; differences are reported, not thrown
 */
export async function verify(
  application: Application,
  outputs: StackOutputs,
  options: VerifyOptions = {},
): Promise<Report> {
  const { progress = () => undefined, signal = new AbortController().signal } = options;
  const { signingKey } = options;
  const signingKeys = signingKey === undefined ? undefined : await readSigningKeys(signingKey);
  const fetch = clientOf(outputs);
  const startedAt = new Date().toISOString();
  const viewers = viewersOf(application, outputs);
  const here = localProber({ authority: outputs.gatewayCertificateAuthority });
  let { probes } = options;
  try {
    await gatewayAnswers(
      here,
      { application, ...outputs },
      options.gatewayDeadline ?? 15_000,
      signal,
    );
    progress("Signing in as every viewer and starting the probe pods …");
    const viewer = wholeViewer(application, viewers)?.name ?? "";
    const attacker = attackingViewer(application, viewers)?.name;
    const vantages = await vantagesOf(application, outputs, attacker);
    const { kubeconfig } = outputs;
    const { probeImage: image, probeDeadline: deadline } = options;
    const started = (probes ??= startProbes({ application, kubeconfig, image, deadline, signal }));
    const [credentials, identities] = await together(
      signal,
      (either) =>
        signIn(application, outputs, signingKeys, options.given, {
          fetch,
          signal: either,
          deadline: options.settleDeadline,
        }),
      (either) => identitiesFor(application, kubeconfig, started, either),
    );
    const planned = planCells(application, vantages, viewers, credentials, outputs);
    const probers = new Map([...started.probers, ["here", Promise.resolve(here)]]);
    const own = credentials.get(viewer);
    const whole = own && { viewer, credentials: own };
    progress(`Sending ${planned.length} requests …`);
    let settlesWithin = surelySettled;
    const [[{ findings, faults }, decisions], { observed, received, records }] = await together(
      signal,
      (either) =>
        Promise.all([
          findUnexplained(application, outputs, { probers, identities, whole }, fetch, either).then(
            (found) => {
              if (found.findings.unexplained.length > 0) settlesWithin = usuallySettled;
              return found;
            },
          ),
          decisionsOn(application, planned, outputs, fetch),
        ]),
      async (either) => {
        const sender = senderOver(probers, identities, unlistedIsReached(probers, either));
        const { settleDeadline, recordsDeadline } = options;
        const deadline = () => settleDeadline ?? settlesWithin;
        const round = await sendUntilSettled(planned, sender, {
          deadline,
          signal: either,
          waiting: (unexpected) => {
            progress(
              `Not as expected yet: ${unexpected} of ${planned.length} answers; waiting up to ${deadline() / 1000} s for policies on their way …`,
            );
          },
        });
        return {
          observed: round.observed,
          ...(await readRecords(round, {
            application,
            kubeconfig,
            deadline: recordsDeadline,
            signal: either,
          })),
        };
      },
    );
    const ownAnswer = ownAnswers(application, observed);
    const cells = judge(
      planned.map((each) => ({
        ...cellOf(each),
        observed: observed.get(each),
        decision: decisions.get(each),
        fault: faultBehind(application, faults, each, observed.get(each)) ?? ownAnswer(each),
        receivedBy: received.get(each),
      })),
    );
    const { gatewayUrl, issuer } = outputs;
    const tried = viewers.filter(({ name }) => credentials.has(name));
    const alike = alikeFor(application, tried);
    return { gatewayUrl, issuer, startedAt, cells, findings, alike, records, summary: sum(cells) };
  } finally {
    here.close();
    if (probes !== undefined) await removeProbes(probes, progress);
  }
}

/**
 * Whether everything that was tried is as expected, no refusal lacks its control, and the stack explains everything.
 */
export function isProven({ summary, findings }: Report): boolean {
  return summary.differences === 0 && summary.unproven === 0 && findings.unexplained.length === 0;
}

async function gatewayAnswers(
  here: Prober,
  { application, gatewayUrl }: { readonly application: Application; readonly gatewayUrl: string },
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  const { origin } = new URL(gatewayUrl);
  const request = { method: "GET", origin, path: application.home, headers: {} };
  let reason = "";
  const answers = await pollUntil(
    async () => {
      const [observed] = await unlessAborted(here.send([request]), signal);
      if (observed === undefined || !("error" in observed)) return true;
      reason = observed.error;
      return undefined;
    },
    { timeoutMs: deadline, signal },
  );
  if (answers === undefined) throw new UserError(gatewayComplaint(gatewayUrl, reason));
}

/** Node's error codes for a certificate that it does not trust, or that is for another name. */
const certificateError = /CERT|SIGNATURE/;

/** Why no request reaches the gateway, and what to check. */
export function gatewayComplaint(gatewayUrl: string, reason: string): string {
  return certificateError.test(reason)
    ? `the gateway ${gatewayUrl} has a certificate that does not count (${reason}). Is it for this name, and by a public authority or by gateway.tls.certificateAuthority?`
    : `the gateway ${gatewayUrl} does not answer (${reason}). Is the stack up, and gateway.url its address?`;
}

async function identitiesFor(
  application: Application,
  kubeconfig: string,
  started: Probes,
  signal: AbortSignal,
): Promise<Identities> {
  try {
    return await issueIdentities(kubeconfig, accountsToProbeAs(application), signal);
  } catch (error) {
    // If the probes could not make an account, their error says more than the missing account.
    if (started.failed) await Promise.all(started.probers.values());
    throw error;
  }
}

async function signIn(
  application: Application,
  outputs: StackOutputs,
  keys: SigningKeys | undefined,
  given: IssuedTokens | undefined,
  { fetch, signal, deadline }: SessionOptions,
): Promise<AllCredentials> {
  const [tokens, sessions] = await together(
    signal,
    (either) => genuineTokens(outputs, fetch, either, given),
    (either) => sessionsOf(application, outputs, { fetch, signal: either, deadline }),
  );
  return allCredentials(application, outputs, tokens, sessions, fetch, signal, keys);
}

async function vantagesOf(
  application: Application,
  { gatewayUrl, kubeconfig, login, routing }: StackOutputs,
  attacker: string | undefined,
): Promise<readonly Vantage[]> {
  const addresses = await podAddresses(kubeconfig, application);
  return vantagePoints(application, gatewayUrl, attacker, addresses, login, routing.cors);
}

/**
 * Waits until the unlisted server is reached at its name, where names' addresses of an earlier run may be known for a
 * while. If it is not reached in time, its cells say so.
 */
async function unlistedIsReached(probers: ComingProbers, signal: AbortSignal): Promise<void> {
  // It is in the stranger's pod.
  await probers.get(strangersPod);
  const outsider = await probers.get(outsidersPod);
  // In plain text its sidecar resets the connection.
  const request = { origin: unlistedOrigin, method: "GET", path: "/", headers: {} };
  // An address where nothing is any more is given up by the kernel after three seconds.
  const withinMs = 1_000;
  const isReached = async () => {
    const [observed = { error: "" }] = (await outsider?.send([request], { withinMs })) ?? [];
    return !("error" in observed) || observed.error === "ECONNRESET" || undefined;
  };
  await pollUntil(isReached, { timeoutMs: 30_000, intervalMs: 100, signal });
}

function senderOver(
  probers: ComingProbers,
  identities: Identities,
  unlistedIsReached: Promise<void>,
): Sender {
  // Whoever sends to it is told.
  unlistedIsReached.catch(() => undefined);
  return async ({ name, pod, identity }, requests, toUnlisted) => {
    const prober = await probers.get(pod?.name ?? "here");
    if (prober === undefined) throw new UserError(`nothing sends requests ${name}`);
    if (toUnlisted) await unlistedIsReached;
    return prober.send(requests, { identity: identity && identityOf(identity, identities) });
  };
}

function sum(cells: readonly JudgedCell[]): Report["summary"] {
  const count = (verdict: Verdict) => cells.filter((cell) => cell.verdict === verdict).length;
  return {
    cells: cells.length,
    differences: count("different"),
    unproven: count("unproven"),
    cannotBeToldApart: count("cannot be told apart"),
    notTried: count("not tried"),
  };
}
