/** Which policies apply to a workload, and whether it accepts plain text. */
import type { Destination } from "./facts";
import type { Mesh, PeerAuthenticationSpec, Policies, Policy } from "./policies";

/** The label that Istio puts on gateways of the Gateway API and on waypoints. */
const gatewayApiLabel = "gateway.networking.k8s.io/gateway-name";

/** Whether policies reach the workload by reference and not by labels. */
export function isReachedByReference({ labels }: Destination): boolean {
  return gatewayApiLabel in labels;
}

/**
 * The policies of the root namespace and of the workload's own that select it by its labels. A policy that refers to a
 * gateway applies to no sidecar (istio/istio, pilot/pkg/model/policyattachment.go, ShouldAttachPolicy).
 */
export function selecting<Spec>(
  policies: readonly Policy<Spec>[],
  { rootNamespace }: Mesh,
  destination: Destination,
): readonly Policy<Spec>[] {
  return policies.filter(
    ({ namespace, labels, targeted }) =>
      (namespace === rootNamespace || namespace === destination.namespace) &&
      !targeted &&
      Object.entries(labels).every(([label, value]) => destination.labels[label] === value),
  );
}

/** How a workload may be called, and which object says so. */
export interface MutualTls {
  readonly mode: "STRICT" | "PERMISSIVE" | "DISABLE";
  /** undefined: no object; Istio's default. */
  readonly policy: Policy<PeerAuthenticationSpec> | undefined;
  /** Unknown fields that may change the mode. */
  readonly unknown: readonly string[];
}

/**
 * The mode that applies: the workload's own, otherwise its namespace's, otherwise the mesh's, of several the oldest;
 * PERMISSIVE by default (istio/istio, pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication).
 */
export function mutualTls(policies: Policies, destination: Destination): MutualTls {
  const { mesh } = policies;
  const all = selecting(policies.peerAuthentications, mesh, destination).toSorted(
    (one, other) => one.created - other.created,
  );
  const inRoot = ({ namespace }: Policy<unknown>) => namespace === mesh.rootNamespace;
  const forAll = ({ labels }: Policy<unknown>) => Object.keys(labels).length === 0;
  // From the widest to the narrowest. One with a selector in the root namespace applies to no workload.
  const scopes = [
    all.find((policy) => inRoot(policy) && forAll(policy)),
    all.find((policy) => !inRoot(policy) && forAll(policy)),
    all.find((policy) => !inRoot(policy) && !forAll(policy)),
  ].filter((policy) => policy !== undefined);
  const unknown = scopes.flatMap(({ unknown: fields }) => fields);
  const start: MutualTls = { mode: "PERMISSIVE", policy: undefined, unknown };
  const whole = scopes.reduce(
    (before, policy) => narrowed(before, policy, policy.spec?.mtls),
    start,
  );
  const workload = scopes.find((policy) => !forAll(policy));
  const ports = workload?.spec?.portLevelMtls ?? {};
  if (workload === undefined || Object.keys(ports).length === 0) return whole;
  if (destination.port === undefined) {
    return { ...whole, unknown: [...unknown, "spec.portLevelMtls"] };
  }
  return narrowed(whole, workload, ports[String(destination.port)]);
}

function narrowed(
  before: MutualTls,
  policy: Policy<PeerAuthenticationSpec>,
  mtls: PeerAuthenticationSpec["mtls"],
): MutualTls {
  if (mtls === undefined || mtls.mode === "UNSET") return before;
  return { ...before, mode: mtls.mode, policy };
}
