/** A pod or Service that bypasses sidecars or takes a service's identity is a finding; what the stack makes is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import type { Application } from "../../../../../components/application";
import { trafficOf } from "../../../../../components/workloads/workload";
import { application as orders } from "../../../../../examples/orders/application";
import { workloads as ordersWorkloads } from "../../../../../examples/orders/workloads";
import { workloadFindings } from "../../../../../commands/verify/findings";
import type { Pod, Service } from "../../../../../commands/verify/findings/kubernetes";
import type { WorkloadOutputs } from "../../../../../commands/verify/findings/workloads";
import { bookinfoSettings } from "../../../../../settings";
import { workloadsOf } from "../../../../../workloads";
import {
  meshedPod,
  plainPod,
  podOf,
  type WorkloadCluster,
  workloadCluster,
} from "../support/workloads";

const atGateway = { at: "gateway", required: false, sessions: "redis" } as const;

function outputsWith(
  login: WorkloadOutputs["login"] = atGateway,
  traffic: WorkloadOutputs["routing"]["traffic"] = trafficOf(
    workloadsOf(bookinfoSettings.parse(undefined)),
  ),
): WorkloadOutputs {
  return { login, routing: { egress: "REGISTRY_ONLY", imports: [], admission: true, traffic } };
}

const stacks: readonly (readonly [string, Application, WorkloadOutputs])[] = [
  ["Bookinfo, login at the gateway", bookinfo, outputsWith()],
  ["Bookinfo, sessions in cookies", bookinfo, outputsWith({ ...atGateway, sessions: "cookie" })],
  ["Bookinfo, login in the application", bookinfo, outputsWith({ at: "application" })],
  ["orders", orders, { ...outputsWith(undefined, trafficOf(ordersWorkloads)), login: undefined }],
];

for (const [what, application, outputs] of stacks) {
  test(`${what}: what the stack makes is no finding, and neither are probe pods`, () => {
    const cluster = workloadCluster(application, outputs);
    assert.deepEqual(workloadFindings(application, outputs, cluster), []);
  });
}

/** The first container of a pod that is not Istio's. */
const appOf = (pod: Pod) => {
  const app = pod.spec?.containers[0];
  assert.ok(app);
  return app;
};

function setArgument(pod: Pod, flag: string, value: string): void {
  const args = pod.spec?.initContainers?.[0]?.args;
  assert.ok(args);
  const at = args.indexOf(flag);
  if (at < 0) args.push(flag, value);
  else args[at + 1] = value;
}

function setVariable(pod: Pod, name: string, value: string): void {
  const proxy = pod.spec?.initContainers?.[1] ?? pod.spec?.containers[0];
  assert.ok(proxy);
  proxy.env = [...(proxy.env ?? []).filter((each) => each.name !== name), { name, value }];
}

function annotate(pod: Pod, name: string, value: string): void {
  pod.metadata = { ...pod.metadata, annotations: { ...pod.metadata?.annotations, [name]: value } };
}

function serviceOf({ services }: WorkloadCluster, name: string): Service {
  const found = services.find(({ metadata }) => metadata?.name === name);
  assert.ok(found);
  return found;
}

/** Has the Service details name its pods' port, which has this number. */
function leadByName(cluster: WorkloadCluster, containerPort: number): void {
  appOf(podOf(cluster, "details-v1")).ports = [{ name: "web", containerPort }];
  Object.assign(serviceOf(cluster, "details").spec?.ports?.[0] ?? {}, { targetPort: "web" });
}

const specOf = (pod: Pod) => {
  assert.ok(pod.spec);
  return pod.spec;
};

const stranger = (labels: Record<string, string>, account: string) =>
  meshedPod({ name: "evil", namespace: "bookinfo", account, labels, port: 9080 });

const again = (name: string) =>
  `kubectl -n bookinfo delete deployment ${name}, then pulumi up --refresh`;

/** What is changed, the object, a part of what it opens, the command that undoes it, and the request's address. */
const cases: readonly (readonly [
  what: string,
  change: (cluster: WorkloadCluster) => unknown,
  object: string,
  opens: RegExp,
  undo: string,
  asks?: RegExp,
])[] = [
  [
    "a Deployment of the stack's with another service's account",
    (cluster) => {
      specOf(podOf(cluster, "ratings-v1")).serviceAccountName = "bookinfo-productpage";
    },
    "Deployment bookinfo/ratings-v1",
    /service account of productpage.*may call details, reviews/,
    again("ratings-v1"),
  ],
  [
    "a pod with a service's label and another account",
    ({ pods }) => pods.push(stranger({ app: "details" }, "default")),
    "Deployment bookinfo/evil",
    /label app=details.*users' tokens/,
    "kubectl -n bookinfo delete deployment evil",
  ],
  [
    "a second Deployment with a service's label and account",
    ({ pods }) => pods.push(stranger({ app: "details", version: "v1" }, "bookinfo-details")),
    "Deployment bookinfo/evil",
    /counts as details/,
    "kubectl -n bookinfo delete deployment evil",
  ],
  [
    "a version that the stack does not have",
    ({ pods }) => pods.push(stranger({ app: "details", version: "v9" }, "bookinfo-details")),
    "Deployment bookinfo/evil",
    /its version v9/,
    "kubectl -n bookinfo delete deployment evil",
  ],
  [
    "a bare pod with a service's label and account",
    ({ pods }) =>
      pods.push(
        meshedPod({
          name: "evil",
          namespace: "bookinfo",
          account: "bookinfo-details",
          labels: { app: "details", version: "v1" },
          owner: "none",
        }),
      ),
    "Pod bookinfo/evil",
    /nothing made it but a person/,
    "kubectl -n bookinfo delete pod evil",
  ],
  [
    "a pod with the gateway's account",
    ({ pods }) =>
      pods.push(
        plainPod({
          name: "evil",
          namespace: "istio-ingress",
          account: "istio-ingress",
          labels: {},
        }),
      ),
    "Deployment istio-ingress/evil",
    /service account of the ingress gateway.*productpage, oauth2-proxy/,
    "kubectl -n istio-ingress delete deployment evil",
  ],
  [
    "a second gateway",
    ({ pods }) =>
      pods.push(
        plainPod({
          name: "evil",
          namespace: "istio-ingress",
          account: "istio-ingress",
          labels: { istio: "ingress" },
        }),
      ),
    "Deployment istio-ingress/evil",
    /counts as the ingress gateway/,
    "kubectl -n istio-ingress delete deployment evil",
  ],
  [
    "a pod in the gateway's namespace",
    ({ pods }) =>
      pods.push(
        plainPod({ name: "evil", namespace: "istio-ingress", account: "default", labels: {} }),
      ),
    "Deployment istio-ingress/evil",
    /the gateway's certificate/,
    "kubectl -n istio-ingress delete deployment evil",
  ],
  [
    "a pod with the login's account",
    ({ pods }) =>
      pods.push(
        meshedPod({ name: "evil", namespace: "login", account: "oauth2-proxy", labels: {} }),
      ),
    "Deployment login/evil",
    /service account of oauth2-proxy.*redis/,
    "kubectl -n login delete deployment evil",
  ],
  [
    "a workload without a sidecar",
    ({ pods }) =>
      pods.push(
        plainPod({
          name: "legacy",
          namespace: "bookinfo",
          account: "default",
          labels: { app: "legacy" },
          port: 8080,
        }),
      ),
    "Deployment bookinfo/legacy",
    /no sidecar: port 8080/,
    "kubectl -n bookinfo delete deployment legacy",
    /^http:\/\/10\.0\.0\.\d+:8080\/$/,
  ],
  [
    "a service's pod without a sidecar",
    (cluster) => {
      specOf(podOf(cluster, "details-v1")).initContainers = [];
    },
    "Deployment bookinfo/details-v1",
    /no sidecar: port 9080/,
    again("details-v1"),
    /:9080\/details\/0$/,
  ],
  [
    "a pod in its node's network",
    (cluster) => {
      const spec = specOf(podOf(cluster, "details-v1"));
      Object.assign(spec, { hostNetwork: true, initContainers: [] });
    },
    "Deployment bookinfo/details-v1",
    /node's network/,
    again("details-v1"),
    /:9080/,
  ],
  [
    "a port of the node's",
    (cluster) => {
      appOf(podOf(cluster, "details-v1")).ports = [{ containerPort: 9080, hostPort: 9999 }];
    },
    "Deployment bookinfo/details-v1",
    /port 9999 of its node/,
    again("details-v1"),
  ],
  [
    "an excluded port",
    (cluster) => {
      setArgument(podOf(cluster, "details-v1"), "-d", "15090,15021,15020,9080");
    },
    "Deployment bookinfo/details-v1",
    /port 9080 answers any caller.*excluded/,
    again("details-v1"),
    /:9080\/details\/0$/,
  ],
  [
    "only another port is led to the sidecar",
    (cluster) => {
      setArgument(podOf(cluster, "details-v1"), "-b", "8443");
    },
    "Deployment bookinfo/details-v1",
    /port 9080 answers any caller.*only port 8443/,
    again("details-v1"),
    /:9080/,
  ],
  [
    "no first container of Istio's",
    (cluster) => {
      specOf(podOf(cluster, "details-v1")).initContainers?.shift();
    },
    "Deployment bookinfo/details-v1",
    /nothing leads requests to its sidecar/,
    again("details-v1"),
    /:9080/,
  ],
  ...(
    [
      ["-m", "NONE", /interception mode is NONE/],
      ["-i", "10.0.0.0/8", /only what it sends to 10\.0\.0\.0\/8/],
      ["-x", "0.0.0.0/0", /what it sends to 0\.0\.0\.0\/0 goes past/],
      ["-o", "443", /ports 443 goes past/],
      ["-u", "1000", /the user 1000/],
      ["-c", "eth1", /interfaces eth1/],
      ["-z", "9080", /led to port 9080/],
      ["--dry-run", "true", /has --dry-run, which Istio does not give it/],
    ] as const
  ).map(
    ([flag, value, opens]) =>
      [
        `istio-iptables with ${flag} ${value}`,
        (cluster: WorkloadCluster) => {
          setArgument(podOf(cluster, "details-v1"), flag, value);
        },
        "Deployment bookinfo/details-v1",
        opens,
        again("details-v1"),
      ] as const,
  ),
  [
    "istio-iptables by its environment",
    (cluster) => {
      const init = specOf(podOf(cluster, "details-v1")).initContainers?.[0];
      init?.env?.push({ name: "ISTIO_EXCLUDE_INTERFACES", value: "eth0" });
    },
    "Deployment bookinfo/details-v1",
    /ISTIO_EXCLUDE_INTERFACES=eth0/,
    again("details-v1"),
  ],
  ...(
    [
      ["traffic.sidecar.istio.io/excludeInboundPorts", "9080"],
      ["traffic.sidecar.istio.io/excludeOutboundIPRanges", "0.0.0.0/0"],
      ["sidecar.istio.io/interceptionMode", "NONE"],
      ["sidecar.istio.io/bootstrapOverride", "mine"],
      ["sidecar.istio.io/userVolumeMount", "{}"],
      ["sidecar.istio.io/proxyImage", "evil"],
      ["sidecar.istio.io/logLevel", "debug"],
      ["proxy.istio.io/overrides", "{}"],
      ["inject.istio.io/templates", "mine"],
    ] as const
  ).map(
    ([name, value]) =>
      [
        `the annotation ${name}`,
        (cluster: WorkloadCluster) => {
          annotate(podOf(cluster, "details-v1"), name, value);
        },
        "Deployment bookinfo/details-v1",
        new RegExp(`the annotation ${name}`),
        again("details-v1"),
      ] as const,
  ),
  [
    "a proxy's configuration by annotation",
    (cluster) => {
      const pod = podOf(cluster, "details-v1");
      annotate(pod, "proxy.istio.io/config", "{ interceptionMode: NONE, concurrency: 4 }");
    },
    "Deployment bookinfo/details-v1",
    /gives its proxy interceptionMode "NONE"$/,
    again("details-v1"),
  ],
  [
    "a proxy's configuration by its environment",
    (cluster) => {
      const config = JSON.stringify({ proxyMetadata: { ISTIO_META_UNSAFE: "true" } });
      setVariable(podOf(cluster, "details-v1"), "PROXY_CONFIG", config);
    },
    "Deployment bookinfo/details-v1",
    /its proxy has proxyMetadata\.ISTIO_META_UNSAFE/,
    again("details-v1"),
  ],
  [
    "another authority of certificates",
    (cluster) => {
      setVariable(podOf(cluster, "details-v1"), "CA_ADDR", "evil.example:15012");
    },
    "Deployment bookinfo/details-v1",
    /CA_ADDR=evil\.example:15012/,
    again("details-v1"),
  ],
  [
    "a bootstrap of the gateway's own",
    (cluster) => {
      setVariable(podOf(cluster, "istio-ingress"), "ISTIO_BOOTSTRAP_OVERRIDE", "/mine");
    },
    "Deployment istio-ingress/istio-ingress",
    /ISTIO_BOOTSTRAP_OVERRIDE/,
    "kubectl -n istio-ingress delete deployment istio-ingress, then pulumi up --refresh; if it stays, helm -n istio-ingress rollback istio-ingress to its last revision in helm history",
  ],
  [
    "another image as proxy",
    (cluster) => {
      const proxy = specOf(podOf(cluster, "details-v1")).initContainers?.[1];
      assert.ok(proxy);
      proxy.image = "evil.example/proxyv2:1.31.0";
    },
    "Deployment bookinfo/details-v1",
    /another image than the gateway's/,
    again("details-v1"),
  ],
  [
    "a proxy that logs requests",
    (cluster) => {
      specOf(podOf(cluster, "details-v1")).initContainers?.[1]?.args?.push("--proxyLogLevel=debug");
    },
    "Deployment bookinfo/details-v1",
    /--proxyLogLevel=debug/,
    again("details-v1"),
  ],
  [
    "plain text by a pod's label",
    (cluster) => {
      const { metadata } = podOf(cluster, "details-v1");
      Object.assign(metadata?.labels ?? {}, { "security.istio.io/tlsMode": "disabled" });
    },
    "Deployment bookinfo/details-v1",
    /plain text/,
    again("details-v1"),
  ],
  [
    "shared processes",
    (cluster) => {
      specOf(podOf(cluster, "details-v1")).shareProcessNamespace = true;
    },
    "Deployment bookinfo/details-v1",
    /share their processes/,
    again("details-v1"),
  ],
  [
    "a privileged container",
    (cluster) => {
      appOf(podOf(cluster, "details-v1")).securityContext = { privileged: true };
    },
    "Deployment bookinfo/details-v1",
    /privileged/,
    again("details-v1"),
  ],
  [
    "a container with the right to change the rules",
    (cluster) => {
      const security = { capabilities: { add: ["NET_ADMIN"] } };
      appOf(podOf(cluster, "details-v1")).securityContext = security;
    },
    "Deployment bookinfo/details-v1",
    /NET_ADMIN/,
    again("details-v1"),
  ],
  [
    "a container with the sidecar's user",
    (cluster) => {
      appOf(podOf(cluster, "details-v1")).securityContext = { runAsUser: 1337 };
    },
    "Deployment bookinfo/details-v1",
    /sidecar's user/,
    again("details-v1"),
  ],
  [
    "a container that was added to a running pod",
    (cluster) => {
      specOf(podOf(cluster, "details-v1")).ephemeralContainers = [{ name: "debugger" }];
    },
    "Pod bookinfo/details-v1-6d9f7c5b8-x2x4z",
    /debugger was added/,
    "kubectl -n bookinfo delete pod details-v1-6d9f7c5b8-x2x4z",
  ],
  [
    "a stranger's pod with the labels of a probe pod",
    ({ pods }) => {
      const probe = pods.find(({ metadata }) => metadata?.labels?.["verify-pod"] === "outsider");
      assert.ok(probe?.metadata && probe.spec);
      pods.push({
        ...probe,
        metadata: { ...probe.metadata },
        spec: { ...probe.spec, activeDeadlineSeconds: 10 ** 6 },
      });
    },
    "Pod bookinfo/verify-outsider-aaaa",
    /no sidecar/,
    "kubectl -n bookinfo delete pod verify-outsider-aaaa",
  ],
  [
    "a probe pod with another command and a service's account",
    ({ pods }) => {
      const probe = pods.find(({ metadata }) => metadata?.labels?.["verify-pod"] === "outsider");
      assert.ok(probe?.metadata);
      appOf(probe).command = ["sh"];
      specOf(probe).serviceAccountName = "bookinfo-details";
    },
    "Pod bookinfo/verify-outsider-aaaa",
    /service account of details, and is not details/,
    "kubectl -n bookinfo delete pod verify-outsider-aaaa",
  ],
  [
    "a pod that takes forever to end",
    ({ pods }) => {
      const pod = stranger({ app: "details" }, "default");
      const deletionTimestamp = new Date();
      pod.metadata = { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 10 ** 6 };
      pods.push(pod);
    },
    "Deployment bookinfo/evil",
    /label app=details/,
    "kubectl -n bookinfo delete deployment evil",
  ],
  [
    "a Service that leads to other pods",
    (cluster) => Object.assign(serviceOf(cluster, "details"), { spec: { selector: { app: "x" } } }),
    "Service bookinfo/details",
    /go to other pods/,
    "kubectl -n bookinfo delete service details, then pulumi up --refresh",
  ],
  [
    "a Service that leads to another host",
    (cluster) =>
      Object.assign(serviceOf(cluster, "redis").spec ?? {}, {
        type: "ExternalName",
        externalName: "evil.example",
      }),
    "Service login/redis",
    /go to evil\.example/,
    "kubectl -n login delete service redis, then pulumi up --refresh",
  ],
  [
    "a Service that leads to another port",
    (cluster) =>
      Object.assign(serviceOf(cluster, "details").spec?.ports?.[0] ?? {}, { targetPort: 1234 }),
    "Service bookinfo/details",
    /port 1234/,
    "kubectl -n bookinfo delete service details, then pulumi up --refresh",
  ],
  [
    "a Service that leads to another port by its name",
    (cluster) => {
      leadByName(cluster, 1234);
    },
    "Service bookinfo/details",
    /port 1234/,
    "kubectl -n bookinfo delete service details, then pulumi up --refresh",
  ],
  [
    "a Service whose port Istio takes for TCP",
    (cluster) =>
      Object.assign(serviceOf(cluster, "details").spec?.ports?.[0] ?? {}, { name: "tcp" }),
    "Service bookinfo/details",
    /Istio takes its port 9080 for TCP/,
    "kubectl -n bookinfo delete service details, then pulumi up --refresh",
  ],
  [
    "a Service that takes other accounts for its pods'",
    (cluster) => {
      const service = serviceOf(cluster, "reviews");
      const annotations = { "alpha.istio.io/kubernetes-serviceaccounts": "default" };
      service.metadata = { ...service.metadata, annotations };
    },
    "Service bookinfo/reviews",
    /annotation alpha\.istio\.io\/kubernetes-serviceaccounts/,
    "kubectl -n bookinfo annotate service reviews alpha.istio.io/kubernetes-serviceaccounts-",
  ],
  [
    "a service on a port of every node",
    (cluster) => {
      const { spec } = serviceOf(cluster, "details");
      Object.assign(spec ?? {}, { type: "NodePort" });
      Object.assign(spec?.ports?.[0] ?? {}, { nodePort: 31000 });
    },
    "Service bookinfo/details",
    /from outside of the cluster to details, past the gateway, by port 31000/,
    "kubectl -n bookinfo delete service details, then pulumi up --refresh",
    /^http:\/\/192\.0\.2\.1:31000\/details\/0$/,
  ],
  [
    "another Service on a port of every node",
    ({ services }) =>
      services.push({
        metadata: { name: "door", namespace: "bookinfo", uid: "door" },
        spec: {
          type: "LoadBalancer",
          selector: { app: "reviews", version: "v1" },
          ports: [{ port: 80, targetPort: 9080, nodePort: 31001 }],
        },
      }),
    "Service bookinfo/door",
    /to reviews, past the gateway, by a load balancer and port 31001/,
    "kubectl -n bookinfo delete service door",
    /:31001/,
  ],
  [
    "a Service that takes another's address",
    (cluster) =>
      cluster.services.push({
        metadata: { name: "thief", namespace: "elsewhere", uid: "thief" },
        spec: { externalIPs: serviceOf(cluster, "redis").spec?.clusterIPs ?? [] },
      }),
    "Service elsewhere/thief",
    /address of Service login\/redis/,
    "kubectl -n elsewhere delete service thief",
  ],
  [
    "an EndpointSlice made by hand",
    ({ endpointSlices }) =>
      endpointSlices.push({
        metadata: {
          name: "mine",
          namespace: "bookinfo",
          labels: { "kubernetes.io/service-name": "details" },
        },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.9.9.9"] }],
      }),
    "EndpointSlice bookinfo/mine",
    /requests for details go to 10\.9\.9\.9/,
    "kubectl -n bookinfo delete endpointslice mine",
  ],
  [
    "a namespace that injects no sidecar",
    ({ namespaces }) => {
      Object.assign(namespaces[0]?.metadata ?? {}, { labels: {} });
    },
    "Namespace bookinfo",
    /istio-injection is missing/,
    "pulumi up --refresh",
  ],
  [
    "a namespace of another kind of proxy",
    ({ namespaces }) => {
      Object.assign(namespaces[0]?.metadata?.labels ?? {}, {
        "istio.io/dataplane-mode": "ambient",
      });
    },
    "Namespace bookinfo",
    /dataplane-mode=ambient/,
    "kubectl label namespace bookinfo istio.io/dataplane-mode-",
  ],
];

for (const [what, change, object, opens, undo, asks] of cases) {
  test(`${what}: said of ${object}`, () => {
    const outputs = outputsWith();
    const cluster = workloadCluster(bookinfo, outputs);
    change(cluster);
    const found = workloadFindings(bookinfo, outputs, cluster);
    assert.deepEqual([...new Set(found.map((each) => each.object))], [object]);
    const finding = found.find((each) => opens.test(each.opens));
    assert.ok(finding, found.map((each) => each.opens).join("\n"));
    assert.equal(finding.undo, undo);
    if (asks !== undefined) {
      assert.equal(finding.attempt?.from, "outsider");
      const { origin, path } = finding.attempt.request;
      assert.match(`${origin}${path}`, asks);
    }
  });
}

test("a Service that leads to the table's port by its name is no finding", () => {
  const outputs = outputsWith();
  const cluster = workloadCluster(bookinfo, outputs);
  leadByName(cluster, 9080);
  assert.deepEqual(workloadFindings(bookinfo, outputs, cluster), []);
});

test("pods that end or have ended are no finding", () => {
  const outputs = outputsWith();
  const cluster = workloadCluster(bookinfo, outputs);
  const [ending, ended] = [stranger({}, "bookinfo-details"), stranger({}, "bookinfo-details")];
  ending.metadata = {
    ...ending.metadata,
    deletionTimestamp: new Date(),
    deletionGracePeriodSeconds: 30,
  };
  ended.status = { phase: "Failed" };
  cluster.pods.push(ending, ended);
  assert.deepEqual(workloadFindings(bookinfo, outputs, cluster), []);
});

test("a Deployment of another name is no finding where it is the service's only one", () => {
  const outputs = { ...outputsWith(undefined, trafficOf(ordersWorkloads)), login: undefined };
  const cluster = workloadCluster(orders, outputs);
  const pod = podOf(cluster, "catalogue");
  for (const owner of pod.metadata?.ownerReferences ?? []) owner.name = "shop-6d9f7c5b8";
  assert.deepEqual(workloadFindings(orders, outputs, cluster), []);
});

test("cert-manager's solver is no finding where certificates come from an ACME authority", () => {
  const outputs = outputsWith();
  const acme: WorkloadOutputs = {
    ...outputs,
    routing: {
      ...outputs.routing,
      tls: { minimumVersion: "1.2", issuer: { kind: "acme" } },
    },
  };
  const cluster = workloadCluster(bookinfo, outputs);
  const solver = plainPod({
    name: "cm-acme-http-solver",
    namespace: "istio-ingress",
    account: "default",
    labels: { "acme.cert-manager.io/http01-solver": "true" },
  });
  for (const owner of solver.metadata?.ownerReferences ?? []) owner.kind = "Challenge";
  cluster.pods.push(solver);
  assert.deepEqual(workloadFindings(bookinfo, acme, cluster), []);
  assert.equal(workloadFindings(bookinfo, outputs, cluster).length, 1);
});
