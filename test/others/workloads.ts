/** What the services run. Their images are in Pulumi.sandbox.yaml. */
import type { Workloads } from "../../components/workloads/workload";

export const workloads: Workloads = {
  posts: [
    {
      image: "registry.example.com/json-server:0.17.4",
      health: "/db",
      memory: "256Mi",
      writable: { data: "/data" },
    },
  ],
  keys: [
    {
      image: "registry.example.com/etcd:3.6.4",
      health: "/health",
      memory: "256Mi",
      writable: { data: "/data" },
    },
  ],
  site: [{ image: "registry.example.com/http-server:14.1.1", health: "/", memory: "256Mi" }],
};
