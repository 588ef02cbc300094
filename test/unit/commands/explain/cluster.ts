/** An API server that has policies, pods, Services and the mesh's configuration, and nothing else. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { PolicyObjects } from "../../../../commands/explain/policies";
import { kubeconfigFor } from "../verify/support/cluster";

export interface PolicyCluster {
  readonly kubeconfig: string;
  /** The ports of Bookinfo's Services, by their names. */
  readonly ports: Map<string, number>;
  close(): void;
}

export async function startPolicyCluster(objects: PolicyObjects): Promise<PolicyCluster> {
  const pod = (app: string, version = "v1") => ({
    metadata: { name: `${app}-${version}`, labels: { app, version, "pod-template-hash": "x" } },
  });
  const items: Readonly<Record<string, readonly unknown[]>> = {
    "/apis/security.istio.io/v1/peerauthentications": objects.peerAuthentications,
    "/apis/security.istio.io/v1/requestauthentications": objects.requestAuthentications,
    "/apis/security.istio.io/v1/authorizationpolicies": objects.authorizationPolicies,
    "/api/v1/namespaces/bookinfo/pods": [
      pod("productpage"),
      pod("details"),
      pod("reviews", "v1"),
      pod("reviews", "v2"),
      pod("ratings"),
    ],
    "/api/v1/namespaces/istio-ingress/pods": [{ metadata: { labels: { istio: "ingress" } } }],
  };
  const services = ["productpage", "details", "reviews", "ratings"];
  const ports = new Map(services.map((name) => [name, 9080]));
  const servicesNow = () =>
    [...ports].map(([name, port]) => ({
      metadata: { name, namespace: "bookinfo" },
      spec: { ports: [{ name: "http", port }] },
    }));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://cluster");
    const isServices = pathname === "/api/v1/namespaces/bookinfo/services";
    const found = isServices ? servicesNow() : items[pathname];
    const body = found === undefined ? { kind: "Status", code: 404 } : { items: found };
    response
      .writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    kubeconfig: kubeconfigFor(`http://127.0.0.1:${port}`),
    ports,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
