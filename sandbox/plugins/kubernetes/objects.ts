/** Kubernetes objects as Pulumi resources, by server-side apply. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
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
import type { Cluster, ObjectReference } from "./cluster";
import { liveInputs, repairs } from "./comparison";
import type { ObjectKind } from "./kinds";
import { awaitGone, awaitReady } from "./readiness";

const defaultTimeoutSeconds = 600;

const skipAwait = "pulumi.com/skipAwait";
const patchForce = "pulumi.com/patchForce";
const autonamed = "pulumi.com/autonamed";
const supportedAnnotations: readonly string[] = [skipAwait, patchForce, autonamed];

const managersSchema = z.array(z.object({ manager: z.string().optional() })).default([]);

export function objectType(kind: ObjectKind): ResourceType<Cluster> {
  return {
    computed: [],
    secrets: kind.secrets,
    check: (given, context, { settings }) => {
      const inputs = completed(kind, given, context, settings.namespace);
      return { inputs, failures: failuresOf(kind, inputs) };
    },
    difference(previous, inputs, { settings }) {
      const immutable = kind.immutable(settings);
      const named = previous.metadata;
      const sharesName =
        isProperties(named) &&
        isDeepStrictEqual(
          [named.name, named.namespace],
          [asProperties(inputs.metadata).name, asProperties(inputs.metadata).namespace],
        );
      return differenceOf(previous, inputs, immutable, sharesName);
    },
    async create(cluster, operation) {
      const reference = referenceOf(kind, operation.inputs);
      await makeRoom(cluster, reference, operation);
      const outputs = await put(kind, cluster, operation, `${reference.kind} was not ready`);
      return { id: idOf(reference), outputs };
    },
    async read(cluster, { inputs }, signal) {
      const live = await cluster.read(referenceOf(kind, inputs), signal);
      if (live === undefined) return undefined;
      return { inputs: liveInputs(inputs, live, kind.defaulted), outputs: outputsOf(live) };
    },
    async find(cluster, id, signal) {
      const live = await cluster.read(referenceTo(kind, id), signal);
      return live && outputsOf(live);
    },
    update: (cluster, _existing, operation) =>
      put(kind, cluster, operation, `${kind.kind} was changed, but is not ready`),
    async delete(cluster, existing, operation) {
      const reference = referenceOf(kind, inputsOf(existing));
      await cluster.remove(reference, kind.deletion, operation.signal);
      await awaitGone(cluster, reference, deadlineOf(operation), operation.signal);
    },
  };
}

/** A state that an older engine wrote may have no inputs for a resource that is to go. */
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

/** What an id names: NAMESPACE/NAME, or the name alone of what is in no namespace. */
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
 * The manager in whose name the program's fields are set. It follows from the resource, so an
 * object that a killed run left behind is recognized as the resource's own.
 */
export function fieldManagerOf(urn: string): string {
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/** Makes sure that nothing of somebody else's is taken over, and nothing half gone. */
async function makeRoom(
  cluster: Cluster,
  reference: ObjectReference,
  operation: Operation,
): Promise<void> {
  const live = await cluster.read(reference, operation.signal);
  if (live === undefined) return;
  const { deletionTimestamp, managedFields } = asProperties(live.metadata);
  if (deletionTimestamp !== undefined) {
    await awaitGone(cluster, reference, deadlineOf(operation), operation.signal);
    return;
  }
  const managers = managersSchema.parse(managedFields).map(({ manager }) => manager);
  const forced = annotationsOf(operation.inputs)[patchForce] === "true";
  if (forced || managers.includes(fieldManagerOf(operation.urn))) return;
  throw new Error(
    `resource already exists: ${reference.kind} ${idOf(reference)} was not made by this stack. Delete it, or set the annotation ${patchForce}: "true" to take it over`,
  );
}

function annotationsOf(inputs: Properties): Properties {
  return asProperties(asProperties(inputs.metadata).annotations);
}

/** Makes the live object what the inputs say, and waits until it is ready. */
async function put(
  kind: ObjectKind,
  cluster: Cluster,
  operation: Operation,
  failure: string,
): Promise<Properties> {
  const { inputs, signal } = operation;
  const reference = referenceOf(kind, inputs);
  const manager = fieldManagerOf(operation.urn);
  const applied = await cluster.apply(reference, inputs, manager, signal);
  const remaining = repairs(liveInputs(inputs, applied, kind.defaulted), inputs);
  const repaired =
    remaining.length === 0 ? applied : await cluster.edit(reference, remaining, manager, signal);
  if (annotationsOf(inputs)[skipAwait] === "true") return outputsOf(repaired);
  const deadline = deadlineOf(operation);
  const { live, reasons } = await awaitReady(cluster, reference, repaired, deadline, signal);
  const outputs = outputsOf(live);
  if (reasons.length === 0) return outputs;
  const message = `${failure}: ${idOf(reference)}: ${reasons.join("; ")}`;
  throw new NotReadyError(message, idOf(reference), outputs, reasons);
}

function deadlineOf({ timeoutSeconds }: Omit<Operation, "inputs">): number {
  return Date.now() + (timeoutSeconds ?? defaultTimeoutSeconds) * 1000;
}

/** What the API server counts and notes for itself, and what changes while nobody changes anything. */
const volatileMetadata: readonly string[] = ["generation", "managedFields", "resourceVersion"];
const volatileAnnotations: readonly string[] = ["deployment.kubernetes.io/revision"];

/** The live object as outputs: without what is volatile, and of the status only a Service's addresses. */
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
