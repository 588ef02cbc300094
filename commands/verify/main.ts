/** `istio-auth0 verify`: proves that the running mesh enforces the table. */
import { readFile } from "node:fs/promises";
import type { Application } from "../../components/application";
import { UserError, reasonOf } from "../../lib/errors";
import { unlessAborted } from "../../lib/poll";
import { exitWith, interruptible } from "../../lib/run";
import { outputsIfAny, continueOnSandbox } from "../stack/on-sandbox";
import { projectNamed } from "../stack/project";
import { type Arguments, readArguments } from "./arguments";
import type { EarlyProbes } from "./on-stack";
import { removeProbes } from "./removal";

/** @returns the exit code, or none where another program goes on */
async function main(signal: AbortSignal): Promise<number | undefined> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen.files.length > 0) {
    const { checkReportFiles } = await import("./report/files.js");
    await checkReportFiles(chosen.files);
  }
  const { application, folder } = projectNamed(chosen.project);
  // Pulumi reads them in a process of its own. In the meantime the pods start, and after that the rest is loaded: this
  // is the order in which slow things are needed.
  const reading = outputsIfAny(application, chosen.directory ?? folder, chosen.stack);
  // Its failure is reported below.
  reading.catch(() => undefined);
  const early = await startEarly(application, chosen, signal);
  try {
    await unlessAborted(Promise.resolve(early?.probes.asked), signal);
    const { verifyOnStack } = await import("./on-stack.js");
    const outputs = await unlessAborted(reading, signal);
    if (outputs !== undefined)
      return await verifyOnStack(application, outputs, chosen, signal, early);
  } finally {
    if (early !== undefined) await removeProbes(early.probes, say);
  }
  signal.throwIfAborted();
  continueOnSandbox("verify");
  return undefined;
}

/**
 * The probe pods, started before the stack's outputs are read, if a file names the cluster.
 * @returns undefined if none does, or if users sign in first: the pods do not live long
 */
async function startEarly(
  application: Application,
  { kubeconfig: path, probeImage: image, browser }: Arguments,
  signal: AbortSignal,
): Promise<EarlyProbes | undefined> {
  if (path === undefined || browser) return undefined;
  const source = `--kubeconfig ${path}`;
  const kubeconfig = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserError(`${source}: the file cannot be read: ${reasonOf(error)}`);
  });
  const [{ loadCluster }, { startProbes }] = await Promise.all([
    import("../stack/cluster.js"),
    import("./probes/probes.js"),
  ]);
  const cluster = loadCluster(kubeconfig, source);
  return { cluster, source, probes: startProbes({ application, kubeconfig, image, signal }) };
}

function say(line: string): void {
  console.error(line);
}

exitWith(interruptible(main));
