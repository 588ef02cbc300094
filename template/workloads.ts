/** What the services run: one program, which its environment tells which of them it is. */
import type { Workloads } from "istio-auth0/components/workloads/workload";
import { application, image } from "./application";

export const workloads: Workloads = Object.fromEntries(
  Object.entries(application.services).map(([service, { port }]) => [
    service,
    [{ image, environment: { SERVICE: service, PORT: String(port) }, memory: "256Mi" }],
  ]),
);
