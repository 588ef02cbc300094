/** Workloads for the tests of rules about pods. */
import type { Given } from "./judged";

/** A container that no rule finds anything in. */
export const container = {
  name: "details",
  image: "registry.example/details:1.20.3",
  resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
  securityContext: {
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  },
};

export const metadata = { name: "details", namespace: "bookinfo" };

/** A Deployment of one container, with these changes. */
export const deployment = (
  changes: object = {},
  pod: object = {},
  template: object = {},
): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name: "details",
  inputs: {
    metadata,
    spec: {
      template: { spec: { containers: [{ ...container, ...changes }], ...pod }, ...template },
    },
  },
});

export const inContainer = "spec.template.spec.containers[0]";
export const ofDetails = "of Deployment bookinfo/details";
