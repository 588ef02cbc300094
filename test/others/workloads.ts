/** What the services run: five from data, one from Kubernetes YAML, one from a chart. Their images are in Pulumi.sandbox.yaml. */
import * as kubernetes from "@pulumi/kubernetes";
import type { MakeWorkloads } from "../../components/workloads";
import type { Workload } from "../../components/workloads/workload";

const etcd: Workload = {
  image: "registry.example.com/etcd:3.6.4",
  health: "/health",
  memory: "256Mi",
  writable: { data: "/data" },
};

export const workloads: MakeWorkloads = ({ namespace, options, services }) => {
  services({
    orders: [{ image: "registry.example.com/json-server:0.17.4", health: "/db", memory: "256Mi" }],
    events: [
      {
        image: "registry.example.com/websocket-server:0.1.1",
        environment: { HOST: "0.0.0.0", PORT: "8080" },
        health: "/",
        memory: "256Mi",
      },
    ],
    inventory: [etcd],
    store: [etcd],
    front: [{ image: "registry.example.com/http-server:14.1.1", health: "/", memory: "256Mi" }],
  });
  new kubernetes.yaml.v2.ConfigGroup("payments", { files: ["manifests/*.yaml"] }, options);
  new kubernetes.helm.v4.Chart("reports", { chart: "./charts/reports", namespace }, options);
};
