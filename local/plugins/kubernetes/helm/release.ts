/** Helm releases as Pulumi resources: kubernetes:helm.sh/v3:Release. */
import { createHash } from "node:crypto";
import { differenceOf } from "../../shared/difference";
import { withoutNulls } from "../../shared/inputs";
import { NotReadyError, type Operation, type ResourceType } from "../../shared/plugin";
import type { Properties, Value } from "../../shared/values";
import type { Cluster } from "../cluster";
import { chartDigest, installWords, releaseFailures, timeoutSeconds } from "./arguments";
import { helm, HelmError } from "./command";
import {
  findRelease,
  madeBy,
  recover,
  type ReleaseName,
  type Revision,
  takeBack,
} from "./installed";
import { awaitRelease, driftOf, problemsOf } from "./manifest";

export const release: ResourceType<Cluster> = {
  computed: ["status"],
  secrets: [],
  check(given, { name, previous, suffix }, { settings }) {
    const inputs: Properties = {
      name: previous?.name ?? `${name}-${suffix.slice(0, 8)}`,
      namespace: settings.namespace,
      ...withoutNulls(given),
    };
    return { inputs, failures: releaseFailures(inputs) };
  },
  difference(previous, inputs, _, outputs) {
    const names = ["name", "namespace"];
    const difference = differenceOf(
      previous,
      inputs,
      names,
      names.every((name) => previous[name] === inputs[name]),
    );
    const digest = chartDigest(inputs);
    const isChanged = outputs[digestOutput] !== undefined && outputs[digestOutput] !== digest;
    if (!isChanged || difference.changes.some(({ path }) => path === "chart")) return difference;
    const change = { path: "chart", steps: ["chart"], kind: "update" } as const;
    return { ...difference, changes: [...difference.changes, change] };
  },
  async create(cluster, operation) {
    const reference = referenceOf(operation.inputs);
    const { signal } = operation;
    const found = await findRelease(cluster, reference, signal);
    const ours = found && (await findRelease(cluster, reference, signal, labelsOf(operation.urn)));
    if (found && !ours) {
      throw new Error(
        `cannot re-use a name that is still in use: the release ${reference.name} in ${reference.namespace} was not made by this stack. Remove it with helm uninstall ${reference.name} -n ${reference.namespace}`,
      );
    }
    return { id: idOf(reference), outputs: await install(cluster, operation, found) };
  },
  async read(cluster, { inputs, outputs }, signal) {
    const reference = referenceOf(inputs);
    const found = await findRelease(cluster, reference, signal);
    if (found === undefined || found.status === "uninstalled") return undefined;
    const live = await liveInputs(cluster, inputs, found, signal);
    return { inputs: live, outputs: outputsOf(live, found, outputs[digestOutput]) };
  },
  async update(cluster, _existing, operation) {
    const found = await findRelease(cluster, referenceOf(operation.inputs), operation.signal);
    return install(cluster, operation, found);
  },
  async delete(cluster, existing, { signal }) {
    const { inputs } = existing;
    const { name, namespace } = referenceOf(inputs);
    const timeout = `${timeoutSeconds(inputs)}s`;
    const words = ["uninstall", name, "--wait", "--timeout", timeout, "--ignore-not-found"];
    await helm(cluster.settings, { words, namespace, signal });
  },
};

function referenceOf({ name, namespace }: Properties): ReleaseName {
  if (typeof name !== "string" || typeof namespace !== "string") {
    throw new Error("a release's name and namespace have to be texts");
  }
  return { name, namespace };
}

function idOf({ name, namespace }: ReleaseName): string {
  return `${namespace}/${name}`;
}

/** Marks the release as the resource's own, so that one that a killed run left is recognized. */
function labelsOf(urn: string): Readonly<Record<string, string>> {
  return { "pulumi-urn": createHash("sha256").update(urn).digest("hex").slice(0, 32) };
}

async function install(
  cluster: Cluster,
  { urn, inputs, signal }: Operation,
  found: Revision | undefined,
): Promise<Properties> {
  const reference = referenceOf(inputs);
  const { name, namespace } = reference;
  if (found) await recover(cluster, found, signal);
  const deadline = Date.now() + timeoutSeconds(inputs) * 1000;
  const words = installWords(inputs, name, labelsOf(urn));
  const input = JSON.stringify(inputs.values ?? {});
  let printed: string;
  try {
    printed = await helm(cluster.settings, { words, namespace, input, signal });
  } catch (error) {
    if (!(error instanceof HelmError) || signal.aborted) throw error;
    throw await failure(cluster, inputs, error, signal);
  }
  const installed = madeBy(printed);
  if (inputs.skipAwait !== true) {
    const reasons = await awaitRelease(cluster, installed, deadline, signal);
    signal.throwIfAborted();
    if (reasons.length > 0) throw await failed(cluster, inputs, reasons, signal);
  }
  return outputsOf(inputs, installed, chartDigest(inputs));
}

/** The error for an installation that Helm reports as failed. */
async function failure(
  cluster: Cluster,
  inputs: Properties,
  error: HelmError,
  signal: AbortSignal,
): Promise<Error> {
  const reference = referenceOf(inputs);
  const left = await findRelease(cluster, reference, signal).catch(() => undefined);
  if (left === undefined) return error;
  const problems = await problemsOf(cluster, left, signal).catch(() => []);
  return failed(cluster, inputs, [error.message, ...problems], signal);
}

/**
 * The error for a release that exists and has failed: with the release, or, if it is `atomic`, without it, because it
 * was rolled back as by Helm's own flag of that name.
 */
async function failed(
  cluster: Cluster,
  inputs: Properties,
  reasons: string[],
  signal: AbortSignal,
): Promise<Error> {
  const reference = referenceOf(inputs);
  const said = `the release ${idOf(reference)} failed: ${reasons.join("; ")}`;
  if (inputs.atomic === true) {
    return new Error(`${said}; ${await takeBack(cluster, reference, signal)}`);
  }
  const left = await findRelease(cluster, reference, signal);
  if (left === undefined) return new Error(said);
  return new NotReadyError(said, idOf(reference), outputsOf(inputs, left), reasons);
}

/**
 * The inputs that would lead to the release as it is. A difference inside it cannot come from any input: it becomes the
 * input `drift`, which no program has, so that the next update removes it.
 */
async function liveInputs(
  cluster: Cluster,
  inputs: Properties,
  found: Revision,
  signal: AbortSignal,
): Promise<Properties> {
  const { values } = found;
  const { version } = inputs;
  const rest = Object.fromEntries(
    Object.entries(inputs).filter(([name]) => name !== "values" && name !== "version"),
  );
  const noValues = inputs.values === undefined && Object.keys(values).length === 0;
  const unfinished = found.status === "deployed" ? [] : [`the release is ${found.status}`];
  const drift = [...unfinished, ...(await driftOf(cluster, found, signal))];
  return {
    ...rest,
    ...(!noValues && { values }),
    ...(version !== undefined && { version: versionOf(found, version) }),
    ...(drift.length > 0 && { drift }),
  };
}

/** The stated version if the release has it, otherwise the version that it has. */
function versionOf({ chart }: Revision, stated: Value): Value {
  const live = /-(v?\d+\.\d+.*)$/.exec(chart)?.[1] ?? chart;
  const plain = (version: string) => version.replace(/^v/, "");
  // A range such as ^1.30 names no version, so none can differ from it.
  const exact = typeof stated === "string" && /^v?\d+\.\d+\.\d+/.test(stated);
  return exact && plain(live) !== plain(stated) ? live : stated;
}

/** Of a chart in a folder: what its files were when they were installed. Pulumi's own plug-in has no such output. */
const digestOutput = "chartDigest";

function outputsOf(inputs: Properties, installed: Revision, digest?: Value): Properties {
  const { name, namespace, revision, status, chart, appVersion } = installed;
  const version = /-(v?\d+\.\d+.*)$/.exec(chart)?.[1] ?? "";
  const files: Properties = digest === undefined ? {} : { [digestOutput]: digest };
  return {
    ...inputs,
    ...files,
    status: { name, namespace, revision, status, chart, version, appVersion },
  };
}
