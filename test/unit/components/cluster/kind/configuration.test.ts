/** A kind cluster's gateway is reached from 127.0.0.1 alone, by its node ports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kindConfiguration, kindWayIn } from "../../../../../components/cluster/kind/configuration";
import type { GatewaySettings } from "../../../../../components/config";

const tls = { secret: "default/bookinfo-tls", minimumVersion: "1.2" } as const;

/** A gateway, its node ports (HTTP, HTTPS), and from which port of 127.0.0.1 to which of the node its ways in lead. */
const gateways: readonly (readonly [
  GatewaySettings,
  readonly [number, number | undefined],
  readonly (readonly [number, number])[],
])[] = [
  [{ url: "http://localhost:8080" }, [30080, undefined], [[8080, 30080]]],
  [{ url: "http://localhost" }, [30080, undefined], [[80, 30080]]],
  [{ url: "http://localhost:8080", nodePort: 31000 }, [31000, undefined], [[8080, 31000]]],
  [
    { url: "https://bookinfo.localhost", tls },
    [30080, 30443],
    [
      [443, 30443],
      [80, 30080],
    ],
  ],
  [
    { url: "https://bookinfo.localhost", nodePort: 31000, tls: { ...tls, nodePort: 31001 } },
    [31000, 31001],
    [
      [443, 31001],
      [80, 31000],
    ],
  ],
  [{ url: "https://bookinfo.localhost:8443", tls }, [30080, 30443], [[8443, 30443]]],
];

for (const [gateway, [http, https], ways] of gateways)
  test(`${gateway.url} leads to node ports ${ways.map(([, to]) => to).join(" and ")}, from 127.0.0.1 alone`, () => {
    assert.deepEqual(kindWayIn(gateway), { serviceType: "NodePort", nodePorts: { http, https } });
    assert.deepEqual(kindConfiguration({ apiServerPort: 6550, workers: 0 }, gateway), {
      kind: "Cluster",
      apiVersion: "kind.x-k8s.io/v1alpha4",
      networking: { apiServerAddress: "127.0.0.1", apiServerPort: 6550 },
      nodes: [
        {
          role: "control-plane",
          extraPortMappings: ways.map(([hostPort, containerPort]) => ({
            listenAddress: "127.0.0.1",
            hostPort,
            containerPort,
            protocol: "TCP",
          })),
        },
      ],
    });
  });

test("workers come after the control plane, and the API server listens where the settings say", () => {
  const { nodes, networking } = kindConfiguration(
    { apiServerPort: 7000, workers: 2 },
    { url: "http://localhost:8080" },
  );
  assert.deepEqual(
    nodes.map(({ role, extraPortMappings }) => [role, extraPortMappings?.length]),
    [
      ["control-plane", 1],
      ["worker", undefined],
      ["worker", undefined],
    ],
  );
  assert.equal(networking.apiServerPort, 7000);
});
