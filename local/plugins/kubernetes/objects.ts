/** Kubernetes objects as Pulumi resources, by server-side apply. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { differenceOf } from "../shared/difference";
import { unsupported, withoutNulls } from "../shared/inputs";
import {
  type CheckContext,
  type CheckFailure,
  type Existing,
  NotReadyError,
  type Operation,
  type ResourceType,
} from "../shared/plugin";
import { asProperties, isProperties, type Properties, unknown } from "../shared/values";
import { type Cluster, type ObjectReference, RefusedError } from "./cluster";
import { liveInputs } from "./comparison";
import type { ObjectKind } from "./kinds";
import { conflictMessage, managersOf, withTakenOver } from "./managers";
import { awaitGone, awaitReady, whyUnready } from "./readiness";

const defaultTimeoutSeconds = 600;

const skipAwait = "pulumi.com/skipAwait";
const patchForce = "pulumi.com/patchForce";
const autonamed = "pulumi.com/autonamed";
const supportedAnnotations: readonly string[] = [skipAwait, patchForce, autonamed];

export function objectType(kind: ObjectKind): ResourceType<Cluster> {
  return {
    computed: [],
    secrets: kind.secrets,
    check: (given, context, { settings }) => {
      const inputs = completed(kind, given, context, settings.namespace);
      return { inputs, failures: failuresOf(kind, inputs) };
    },
    difference(previous, inputs, { settings }, outputs) {
      const immutable = kind.immutable(settings);
      // The official plug-in compares with the object as it was last read, not with the inputs that made it.
      const live = liveInputs(previous, outputs, { rewritten: kind.builtIn });
      const named = previous.metadata;
      const sharesName =
        isProperties(named) &&
        isDeepStrictEqual(
          [named.name, named.namespace],
          [asProperties(inputs.metadata).name, asProperties(inputs.metadata).namespace],
        );
      return differenceOf(live, inputs, immutable, sharesName);
    },
    async create(cluster, operation) {
      const reference = referenceOf(kind, operation.inputs);
      await makeRoom(cluster, reference, operation);
      const own = { fieldManager: fieldManagerOf(operation.urn), force: true };
      const apply = () => cluster.apply(reference, operation.inputs, own, operation.signal);
      const made = await apply().catch(async (error: unknown) => {
        if (!isLeftOver(kind, error)) throw error;
        await remove(cluster, reference, kind, operation);
        return apply();
      });
      const outputs = await ready(cluster, reference, made, operation, "was not ready");
      return { id: idOf(reference), outputs };
    },
    async read(cluster, { inputs }, signal) {
      const reference = referenceOf(kind, inputs);
      const live = await cluster.read(reference, signal);
      if (live === undefined) return undefined;
      const found = {
        inputs: liveInputs(inputs, live, { rewritten: kind.builtIn }),
        outputs: outputsOf(live),
      };
      if (annotationsOf(inputs)[skipAwait] === "true") return found;
      const reasons = await whyUnready(cluster, reference, live, signal);
      return reasons.length === 0 ? found : { ...found, reasons };
    },
    async find(cluster, id, signal) {
      const live = await cluster.read(referenceTo(kind, id), signal);
      return live && outputsOf(live);
    },
    async update(cluster, _existing, operation) {
      const reference = referenceOf(kind, operation.inputs);
      const changed = await change(cluster, reference, operation);
      return ready(cluster, reference, changed, operation, "was changed, but is not ready");
    },
    async delete(cluster, existing, operation) {
      await remove(cluster, referenceOf(kind, inputsOf(existing)), kind, operation);
    },
  };
}

/** A state that an older engine wrote may have no inputs for a resource that is to be deleted. */
function inputsOf({ inputs, outputs }: Existing): Properties {
  return Object.keys(inputs).length > 0 ? inputs : outputs;
}

function completed(
  kind: ObjectKind,
  given: Properties,
  { name, previous, suffix }: CheckContext,
  defaultNamespace: string,
): Properties {
  const inputs = withoutNulls(given);
  const metadata = asProperties(inputs.metadata);
  const previousName = asProperties(previous?.metadata).name;
  const annotations: Properties =
    metadata.name === undefined
      ? { annotations: { ...asProperties(metadata.annotations), [autonamed]: "true" } }
      : {};
  const placed: Properties = {
    ...metadata,
    ...annotations,
    name: metadata.name ?? previousName ?? `${name}-${suffix.slice(0, 8)}`,
  };
  if (kind.namespaced) placed.namespace = metadata.namespace ?? defaultNamespace;
  return { ...inputs, apiVersion: kind.apiVersion, kind: kind.kind, metadata: placed };
}

function failuresOf(kind: ObjectKind, inputs: Properties): CheckFailure[] {
  const metadata = asProperties(inputs.metadata);
  const annotations = Object.keys(asProperties(metadata.annotations))
    .filter((name) => name.startsWith("pulumi.com/") && !supportedAnnotations.includes(name))
    .map((name) => unsupported(`metadata.annotations["${name}"]`, "kubernetes"));
  const generated =
    metadata.generateName === undefined ? [] : [unsupported("metadata.generateName", "kubernetes")];
  const misplaced =
    kind.namespaced || metadata.namespace === undefined
      ? []
      : [{ property: "metadata.namespace", reason: `a ${kind.kind} belongs to no namespace` }];
  return [...annotations, ...generated, ...misplaced];
}

function referenceOf(kind: ObjectKind, inputs: Properties): ObjectReference {
  const { name, namespace } = asProperties(inputs.metadata);
  if (typeof name !== "string" || name === unknown) throw new Error("metadata.name is not a text");
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name,
    namespace: typeof namespace === "string" ? namespace : undefined,
  };
}

/** What an id names: NAMESPACE/NAME, or only the name of an object without a namespace. */
function referenceTo({ apiVersion, kind, namespaced }: ObjectKind, id: string): ObjectReference {
  if (!namespaced) return { apiVersion, kind, namespace: undefined, name: id };
  const [namespace, name] = id.split("/");
  if (namespace === undefined || name === undefined)
    throw new Error(`the id of a ${kind} is NAMESPACE/NAME, not ${id}`);
  return { apiVersion, kind, namespace, name };
}

function idOf({ namespace, name }: ObjectReference): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * The field manager that sets the program's fields. It is made from the resource, so that an object that a killed run
 * left is recognized as the resource's own.
 */
export function fieldManagerOf(urn: string): string {
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/** Makes sure that the object does not exist already: neither another owner's, nor one that is being deleted. */
async function makeRoom(
  cluster: Cluster,
  reference: ObjectReference,
  operation: Operation,
): Promise<void> {
  const live = await cluster.read(reference, operation.signal);
  if (live === undefined) return;
  const metadata = asProperties(live.metadata);
  if (metadata.deletionTimestamp !== undefined) {
    await awaitGone(cluster, reference, deadlineOf(operation), operation.signal);
    return;
  }
  const managers = managersOf(metadata).map(({ manager }) => manager);
  if (managers.includes(fieldManagerOf(operation.urn))) return;
  throw new Error(
    `resource already exists: ${reference.kind} ${idOf(reference)} was not made by this stack. Delete it, or adopt it with pulumi import`,
  );
}

/**
 * Whether a creation is refused because an object that a killed run left behind, such as while it waited for its pods,
 * has other values of fields that never change. Other kinds than those that own pods are hardly ever left behind, and
 * some of them hold data.
 */
const isLeftOver = ({ deletion }: ObjectKind, error: unknown): boolean =>
  deletion === "Foreground" &&
  error instanceof RefusedError &&
  error.code === 422 &&
  /field is immutable|updates to statefulset spec/.test(error.message);

/** Removes an object, and waits until it is gone. */
async function remove(
  cluster: Cluster,
  reference: ObjectReference,
  { deletion }: ObjectKind,
  operation: Omit<Operation, "inputs">,
): Promise<void> {
  await cluster.remove(reference, deletion, operation.signal);
  await awaitGone(cluster, reference, deadlineOf(operation), operation.signal);
}

function annotationsOf(inputs: Properties): Properties {
  return asProperties(asProperties(inputs.metadata).annotations);
}

/**
 * Makes the live object as the inputs say, as far as its other managers allow.
 * @throws NotReadyError if another manager owns a field that would change
 */
async function change(
  cluster: Cluster,
  reference: ObjectReference,
  { urn, inputs, signal }: Operation,
): Promise<Properties> {
  const live = await cluster.read(reference, signal);
  if (live === undefined) {
    throw new Error(
      `update of ${reference.kind} ${idOf(reference)} failed: it is gone. pulumi up --refresh makes it again`,
    );
  }
  const fieldManager = fieldManagerOf(urn);
  const entries = managersOf(asProperties(live.metadata));
  const taken = withTakenOver(entries, fieldManager);
  if (taken !== undefined) await cluster.setManagers(reference, taken, signal);
  const force =
    annotationsOf(inputs)[patchForce] === "true" ||
    cluster.settings.patchForced ||
    entries.length === 0;
  try {
    return await cluster.apply(reference, inputs, { fieldManager, force }, signal);
  } catch (error) {
    if (!isFieldConflict(error)) throw error;
    const id = idOf(reference);
    const message = conflictMessage(id, fieldManager, error.message);
    throw new NotReadyError(message, id, outputsOf(live), [message]);
  }
}

/** Not every refusal with 409 is one: the object may have changed in the meantime, or may be about to be deleted. */
const isFieldConflict = (error: unknown): error is RefusedError =>
  error instanceof RefusedError &&
  error.code === 409 &&
  /\bApply failed with \d+ conflicts?:/.test(error.message);

/**
 * @returns the outputs of the object that was applied, when it is ready. @throws NotReadyError if it does not become
 * ready
 */
async function ready(
  cluster: Cluster,
  reference: ObjectReference,
  applied: Properties,
  operation: Operation,
  failure: string,
): Promise<Properties> {
  if (annotationsOf(operation.inputs)[skipAwait] === "true") return outputsOf(applied);
  const { signal } = operation;
  const { live, reasons } = await awaitReady(
    cluster,
    reference,
    applied,
    deadlineOf(operation),
    signal,
  );
  const outputs = outputsOf(live);
  if (reasons.length === 0) return outputs;
  const message = `${reference.kind} ${failure}: ${idOf(reference)}: ${reasons.join("; ")}`;
  throw new NotReadyError(message, idOf(reference), outputs, reasons);
}

function deadlineOf({ timeoutSeconds }: Omit<Operation, "inputs">): number {
  return Date.now() + (timeoutSeconds ?? defaultTimeoutSeconds) * 1000;
}

/** Fields that the API server sets itself, and that change although no client changes the object. */
const volatileMetadata: readonly string[] = ["generation", "managedFields", "resourceVersion"];
const volatileAnnotations: readonly string[] = ["deployment.kubernetes.io/revision"];

/** The live object as outputs: without volatile fields, and of the status only a Service's addresses. */
function outputsOf(live: Properties): Properties {
  const { metadata, status, ...rest } = live;
  const { annotations, ...kept } = without(asProperties(metadata), volatileMetadata);
  const lasting = without(asProperties(annotations), volatileAnnotations);
  return {
    ...rest,
    metadata: { ...kept, ...(Object.keys(lasting).length > 0 && { annotations: lasting }) },
    ...(live.kind === "Service" && status !== undefined && { status }),
  };
}

function without(properties: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}
