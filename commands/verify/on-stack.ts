/** Verifies the stack with these outputs, as the command line says, and prints the report. */
import type { KubeConfig } from "@kubernetes/client-node";
import type { Application } from "../../components/application";
import { clusterAnswers, loadCluster } from "../stack/cluster";
import { UserError } from "../../lib/errors";
import { takesStandardOutput } from "../../lib/output-files";
import { clientOf } from "../stack/client";
import type { StackOutputs } from "../stack/outputs";
import type { Arguments } from "./arguments";
import { readGivenTokens } from "./tokens/given-tokens";
import { withPeople } from "./tokens/person";
import type { Probes } from "./probes/probes";
import { writeReportFiles } from "./report/files";
import { renderReport, styleFor } from "./report/text";
import type { IssuedTokens } from "./tokens/tokens";
import { isProven, verify } from "./verify";
import type { Report } from "./verify";

/** Probe pods that were started before the stack's outputs were read. */
export interface EarlyProbes {
  /** The kubeconfig of their cluster. */
  readonly cluster: KubeConfig;
  /** The name of that cluster for errors. */
  readonly source: string;
  readonly probes: Probes;
}

/**
 * @param early the caller removes them at the end
 * @returns the exit code
 */
export async function verifyOnStack(
  application: Application,
  outputs: StackOutputs,
  chosen: Arguments,
  signal: AbortSignal,
  early?: EarlyProbes,
): Promise<number> {
  const given = await readGivenTokens(chosen.tokens, outputs);
  if (early !== undefined) requireSameCluster(early, outputs);
  await clusterAnswers(outputs.kubeconfig, signal);
  const report = await verifyWithPeople(application, outputs, given, chosen, signal, early?.probes);
  // Before the table: a reader of the output may stop early.
  await writeReportFiles(chosen.files, report);
  print(report, chosen);
  return isProven(report) ? 0 : 1;
}

/** The pods have to be in the stack's cluster. */
function requireSameCluster({ cluster, source }: EarlyProbes, { kubeconfig }: StackOutputs): void {
  const serverOf = (config: KubeConfig) => config.getCurrentCluster()?.server ?? "";
  const [named, stacks] = [serverOf(cluster), serverOf(loadCluster(kubeconfig))];
  // An address is the same with and without a slash at its end.
  const hrefOf = (server: string) => URL.parse(server)?.href ?? server;
  if (hrefOf(named) === hrefOf(stacks)) return;
  throw new UserError(`${source} is of the cluster ${named}, and the stack is on ${stacks}`);
}

/** Verifies; users sign in before the probe pods start, which do not live long. */
function verifyWithPeople(
  application: Application,
  outputs: StackOutputs,
  given: IssuedTokens,
  { signingKey, probeImage, settleDeadline, browser }: Arguments,
  signal: AbortSignal,
  early: Probes | undefined,
): Promise<Report> {
  const withoutTerminal =
    "Give the users' access tokens by --token NAME=FILE, or run it on a terminal to sign in with a browser.";
  let probes = early;
  const people = { browser, fetch: clientOf(outputs), signal, withoutTerminal };
  return withPeople(outputs, given, people, (tokens) => {
    const ready = probes;
    // They are removed with the first attempt.
    probes = undefined;
    return verify(application, outputs, {
      signal,
      progress: (line) => {
        console.error(line);
      },
      given: tokens,
      ...(ready !== undefined && { probes: ready }),
      ...(signingKey !== undefined && { signingKey }),
      probeImage,
      settleDeadline,
    });
  });
}

/** The table goes to standard output, unless one of the files does. */
function print(report: Report, { files, all }: Arguments): void {
  const taken = takesStandardOutput(files);
  const stream = taken ? process.stderr : process.stdout;
  stream.write(renderReport(report, styleFor(stream, all)));
}
