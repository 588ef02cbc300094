/** `npm run verify`: proves that the running mesh enforces the table. */
import { help, readArguments } from "./arguments";
import type { Arguments } from "./arguments";
import type { Application } from "../../components/application";
import { clusterAnswers } from "../stack/cluster";
import { exitWith, interruptible } from "../../lib/run";
import { readGivenTokens } from "./tokens/given-tokens";
import { outputsIfAny, runOnSandbox } from "../stack/on-sandbox";
import type { StackOutputs } from "../stack/outputs";
import { projectNamed } from "../stack/project";
import { withPeople } from "./tokens/person";
import { takesStandardOutput } from "../../lib/output-files";
import { checkReportFiles, writeReportFiles } from "./report/files";
import { renderReport, styleFor } from "./report/text";
import type { IssuedTokens } from "./tokens/tokens";
import { isProven, verify } from "./verify";
import type { Report } from "./verify";

/** @returns the exit code */
async function main(signal: AbortSignal): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen.help) {
    process.stdout.write(help);
    return 0;
  }
  await checkReportFiles(chosen.files);
  const { application, folder } = projectNamed(chosen.project);
  const outputs = await outputsIfAny(application, chosen.directory ?? folder, chosen.stack);
  if (outputs === undefined) return runOnSandbox("verify", signal);
  const given = await readGivenTokens(chosen.tokens, outputs);
  await clusterAnswers(outputs.kubeconfig, signal);
  const report = await verifyWithPeople(application, outputs, given, chosen, signal);
  print(report, chosen);
  await writeReportFiles(chosen.files, report);
  return isProven(report) ? 0 : 1;
}

/** Verifies; people sign in before the probe pods start, which do not live long. */
function verifyWithPeople(
  application: Application,
  outputs: StackOutputs,
  given: IssuedTokens,
  { signingKey, probeImage, browser }: Arguments,
  signal: AbortSignal,
): Promise<Report> {
  const withoutTerminal =
    "Give the users' access tokens by --token NAME=FILE, or run it on a terminal to sign in with a browser.";
  return withPeople(outputs, given, { browser, signal, withoutTerminal }, (tokens) =>
    verify(application, outputs, {
      signal,
      progress: say,
      given: tokens,
      ...(signingKey !== undefined && { signingKey }),
      ...(probeImage !== undefined && { probeImage }),
    }),
  );
}

/** The table goes to standard output, unless one of the files is that. */
function print(report: Report, { files, all }: Arguments): void {
  const taken = takesStandardOutput(files);
  const stream = taken ? process.stderr : process.stdout;
  stream.write(renderReport(report, styleFor(stream, all)));
}

function say(line: string): void {
  console.error(line);
}

exitWith(interruptible(main));
