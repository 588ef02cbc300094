/**
 * What the API server itself refuses in the application's namespace: pods that would have a service's identity or get
 * its requests without being that service, and pods whose sidecar would not see every request. Istio cannot prevent
 * these, because the mesh knows a pod by its account and its labels only. The policy does not stop a client that may
 * change it, or that may change the table's own Deployments.
 */
import type * as kubernetes from "@pulumi/kubernetes";
import { type Application, podLabels } from "../application";

type PolicySpec = kubernetes.types.input.admissionregistration.v1.ValidatingAdmissionPolicySpec;
type BindingSpec =
  kubernetes.types.input.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec;

/** An admission policy and its binding, which says what it applies to. Both have the same name and no namespace. */
export interface AdmissionObjects {
  readonly name: string;
  readonly policy: PolicySpec;
  readonly binding: BindingSpec;
}

/** A text as CEL writes it; CEL quotes as JSON does. */
const cel = (value: unknown) => JSON.stringify(value);

/** Annotations that keep requests from the sidecar, or replace Istio's sidecar with another one. */
const weakening = [
  "inject.istio.io/templates",
  "proxy.istio.io/overrides",
  "sidecar.istio.io/bootstrapOverride",
  "sidecar.istio.io/proxyImage",
  "sidecar.istio.io/userVolume",
  "sidecar.istio.io/userVolumeMount",
];

/** Ports that Istio itself excludes: health, metrics and statistics of the sidecar. */
const ownPorts = "^((15020|15021|15090),?)*$";

/** The admission policy of an application's namespace. Kubernetes 1.30 or newer. */
export function admissionObjects(
  application: Pick<Application, "name" | "namespace" | "services">,
): AdmissionObjects {
  const { name, namespace, services } = application;
  const accounts = Object.fromEntries(
    Object.entries(services).map(([service, { serviceAccount }]) => [service, serviceAccount]),
  );
  const selectors = Object.fromEntries(
    Object.keys(services).map((service) => [service, podLabels(application, service)]),
  );
  const policyName = `istio-auth0-${name}`;
  return {
    name: policyName,
    policy: {
      failurePolicy: "Fail",
      matchConstraints: {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        resourceRules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            resources: ["pods"],
            operations: ["CREATE", "UPDATE"],
          },
        ],
      },
      variables: [
        { name: "accounts", expression: cel(accounts) },
        { name: "selectors", expression: cel(selectors) },
        {
          name: "labels",
          expression: `has(object.metadata.labels) ? object.metadata.labels : {}`,
        },
        // The services whose requests the pod would get.
        {
          name: "own",
          expression: `variables.selectors.filter(service, variables.selectors[service].all(name, name in variables.labels && variables.labels[name] == variables.selectors[service][name]))`,
        },
        {
          name: "account",
          expression: `has(object.spec.serviceAccountName) ? object.spec.serviceAccountName : "default"`,
        },
        {
          name: "annotations",
          expression: `has(object.metadata.annotations) ? object.metadata.annotations : {}`,
        },
      ],
      validations: [
        {
          expression: `variables.own.all(service, variables.accounts[service] == variables.account)`,
          messageExpression: `"a pod with the labels of " + variables.own[0] + " gets the requests for that service, so it has to run as its service account, " + variables.accounts[variables.own[0]]`,
        },
        {
          expression: `!variables.accounts.exists(service, variables.accounts[service] == variables.account) || variables.own.exists(service, variables.accounts[service] == variables.account)`,
          messageExpression: `"the service account " + variables.account + " is a service's identity in the mesh, so the pod has to have that service's labels"`,
        },
        {
          expression: `!variables.annotations.exists(name, name in ${cel(weakening)})`,
          message: `a pod must not change its sidecar by an annotation: ${weakening.join(", ")}`,
        },
        {
          expression: `!("traffic.sidecar.istio.io/excludeInboundPorts" in variables.annotations) || variables.annotations["traffic.sidecar.istio.io/excludeInboundPorts"].matches(${cel(ownPorts)})`,
          message: "a pod must not exclude a port from its sidecar",
        },
        {
          expression: `!("traffic.sidecar.istio.io/includeInboundPorts" in variables.annotations) || variables.annotations["traffic.sidecar.istio.io/includeInboundPorts"] == "*"`,
          message: "a pod must not limit the ports that its sidecar sees",
        },
        {
          expression: `!("sidecar.istio.io/interceptionMode" in variables.annotations) || variables.annotations["sidecar.istio.io/interceptionMode"] != "NONE"`,
          message: "a pod's sidecar has to see its requests",
        },
        {
          expression: `!has(object.spec.hostNetwork) || !object.spec.hostNetwork`,
          message: "a pod on the node's network has no sidecar before it",
        },
        {
          expression: `variables.own.size() == 0 || object.spec.containers.exists(one, one.name == "istio-proxy") || (has(object.spec.initContainers) && object.spec.initContainers.exists(one, one.name == "istio-proxy"))`,
          message: "a service's pod has to have a sidecar: without one no policy counts for it",
        },
      ],
    },
    binding: { policyName, validationActions: ["Deny"] },
  };
}
