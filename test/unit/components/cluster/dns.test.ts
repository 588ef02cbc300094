/** The gateway's host becomes a record of its domain with the load balancer's address. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as digitalocean from "@pulumi/digitalocean";
import * as kubernetes from "@pulumi/kubernetes";
import { GatewayRecord } from "../../../../components/cluster";
import { isInDomain, nameInDomain } from "../../../../components/cluster/domain";
import { balancerAddress, clusterProvider, find, run, unknown } from "../mocks";

const service = "kubernetes:core/v1:Service";
const record = "digitalocean:index/dnsRecord:DnsRecord";

function publish(preview: boolean) {
  return run(
    () => {
      const provider = clusterProvider();
      const gateway = new kubernetes.helm.v3.Release(
        "gateway",
        { chart: "gateway", name: "istio-ingress", namespace: "istio-ingress" },
        { provider },
      );
      return new GatewayRecord(
        "dns",
        {
          zone: {
            domain: "bookinfo.example",
            ttl: 60,
            provider: new digitalocean.Provider("account", {}),
          },
          gatewayUrl: "https://www.bookinfo.example:8443",
          gateway,
        },
        { providers: [provider] },
      );
    },
    { preview },
  );
}

for (const preview of [false, true]) {
  test(`as ${preview ? "a preview, which reads nothing" : "an update"}, the host leads to the gateway's load balancer`, async () => {
    const { registrations } = await publish(preview);
    const own = registrations.filter(({ name }) => name === "dns");
    assert.deepEqual(
      own.map(({ type, name, parent, provider }) => [type, name, parent, provider]),
      [
        ["istio-auth0:index:GatewayRecord", "dns", "istio-auth0-sandbox", ""],
        [service, "dns", "dns", "cluster"],
        [record, "dns", "dns", "account"],
      ],
    );
    assert.equal(find(own, service, "dns").id, preview ? unknown : "istio-ingress/istio-ingress");
    assert.deepEqual(find(own, record, "dns").inputs, {
      domain: "bookinfo.example",
      type: "A",
      name: "www",
      value: preview ? unknown : balancerAddress,
      ttl: 60,
    });
  });
}

const hosts: [string, boolean, string?][] = [
  ["www.bookinfo.example", true, "www"],
  ["a.b.bookinfo.example", true, "a.b"],
  ["bookinfo.example", true, "@"],
  ["mybookinfo.example", false],
  ["bookinfo.example.org", false],
  ["example", false],
];

for (const [host, inside, name] of hosts) {
  test(`${host} is ${inside ? `"${name ?? ""}"` : "not"} in bookinfo.example`, () => {
    assert.equal(isInDomain(host, "bookinfo.example"), inside);
    if (name !== undefined) assert.equal(nameInDomain(host, "bookinfo.example"), name);
  });
}
