/** What the services run: one program, which its environment tells which of them it is. */
import type { Workloads } from "istio-auth0/components/workloads/workload";
import { application } from "./application";

/** The image of both services. Pulumi.sandbox.yaml says what the sandbox makes it from; elsewhere it is one of yours. */
const image = "registry.example.com/shop:1.0.0";

export const workloads: Workloads = Object.fromEntries(
  Object.entries(application.services).map(([service, { port, targetPort = port }]) => [
    service,
    [{ image, environment: { SERVICE: service, PORT: String(targetPort) }, memory: "256Mi" }],
  ]),
);
