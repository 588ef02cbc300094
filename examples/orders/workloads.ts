/** What the services run: one program, which their environment tells which of them it is, and where the others are. */
import type { Workloads } from "../../components/workloads/workload";
import { application, image } from "./application";

const services = Object.entries(application.services);

/** What Kubernetes sets as well, but only for Services that are there before a pod is. */
const neighbours = Object.fromEntries(
  services.map(([service, { port }]) => [`${service.toUpperCase()}_SERVICE_PORT`, String(port)]),
);

export const workloads: Workloads = Object.fromEntries(
  services.map(([service, { port, targetPort = port }]) => [
    service,
    [
      {
        image,
        environment: { ...neighbours, SERVICE: service, PORT: String(targetPort) },
        memory: "256Mi",
      },
    ],
  ]),
);
