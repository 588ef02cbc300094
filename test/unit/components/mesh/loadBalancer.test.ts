/** The load balancer's annotations are on the gateway's Service, and the gateway speaks PROXY protocol if it does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { gatewayValues } from "../../../../components/mesh/values";

const valuesSchema = z.looseObject({
  podAnnotations: z.record(z.string(), z.string()).optional(),
  service: z.looseObject({
    annotations: z.record(z.string(), z.string()).optional(),
    externalTrafficPolicy: z.string().optional(),
  }),
});

const annotations = { "cloud.example/kind": "x" };

test("what the load balancer is told goes to the gateway's Service", () => {
  const { service, podAnnotations } = valuesSchema.parse(
    gatewayValues(
      {
        serviceType: "LoadBalancer",
        nodePorts: {},
        annotations,
        externalTrafficPolicy: "Local",
      },
      false,
    ),
  );
  assert.deepEqual(service.annotations, annotations);
  assert.equal(service.externalTrafficPolicy, "Local");
  assert.equal(podAnnotations, undefined);
});

test("where the load balancer speaks the PROXY protocol, the gateway does too", () => {
  const { service, podAnnotations } = valuesSchema.parse(
    gatewayValues(
      {
        serviceType: "LoadBalancer",
        nodePorts: {},
        annotations,
        proxyProtocol: true,
      },
      false,
    ),
  );
  assert.deepEqual(podAnnotations, {
    "proxy.istio.io/config": '{"gatewayTopology":{"proxyProtocol":{}}}',
  });
  assert.equal("externalTrafficPolicy" in service, false);
});
