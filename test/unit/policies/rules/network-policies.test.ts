/** A namespace that NetworkPolicies limit only in part is reported, and so is a rule wider than listed connections. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { networkPolicies } from "../../../../policies/rules/network-policies";
import { type Given, judged, notKnown } from "../judged";
import { workload } from "../istio";

const policy = (name: string, spec: unknown, namespace = "bookinfo"): Given => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name,
  inputs: { metadata: { name, namespace }, spec },
});
const both = ["Ingress", "Egress"];
const closed = policy("default-deny", { podSelector: {}, policyTypes: both });
const details = workload("details");
const inNamespace = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
const podsOf = (app: string) => ({ podSelector: { matchLabels: { app } } });
const at = (...ports: unknown[]) => ports.map((port) => ({ protocol: "TCP", port }));
const into = (...ingress: unknown[]) =>
  policy("details", { ...podsOf("details"), policyTypes: ["Ingress"], ingress });
const outOf = (...egress: unknown[]) =>
  policy("details", { ...podsOf("details"), policyTypes: ["Egress"], egress });

const open = (types: readonly string[], namespace = "bookinfo") => ({
  found: `no NetworkPolicy of namespace "${namespace}" is for all of its pods and has the policyTypes ${JSON.stringify(types)}`,
  write: "one in it with an empty podSelector, these policyTypes and no rules",
  resource: undefined,
});

/** The places in the policies. */
const places = async (resources: readonly Given[], settings?: Readonly<Record<string, unknown>>) =>
  (await judged(networkPolicies, resources, settings)).map(
    ({ where }) => where?.split(" of NetworkPolicy ")[0],
  );

test("a program without NetworkPolicies is not asked for any", async () => {
  assert.deepEqual(await judged(networkPolicies, [details]), []);
  assert.deepEqual(await judged(networkPolicies, []), []);
});

test("a namespace whose policies limit a direction limits it for all of its pods", async () => {
  const callers = into({ from: [podsOf("productpage")], ports: at(9080) });
  // Others make its pods, and perhaps the policy for all of them.
  assert.deepEqual(await judged(networkPolicies, [callers]), []);
  assert.deepEqual(await judged(networkPolicies, [details, callers]), [open(["Ingress"])]);
  assert.deepEqual(await judged(networkPolicies, [details, callers, closed]), []);
  const other = policy("default-deny", { podSelector: {}, policyTypes: both }, "other");
  assert.deepEqual(await judged(networkPolicies, [details, callers, other]), [open(["Ingress"])]);
  const calls = outOf({ to: [podsOf("ratings")] });
  assert.deepEqual(await judged(networkPolicies, [details, callers, calls]), [open(both)]);
});

test("the directions that a policy does not say are Ingress, and Egress where it has rules", async () => {
  const silent = policy("one", podsOf("details"));
  assert.deepEqual(await judged(networkPolicies, [details, silent]), [open(["Ingress"])]);
  const both = policy("one", { ...podsOf("details"), egress: [{ to: [podsOf("ratings")] }] });
  assert.deepEqual(await judged(networkPolicies, [details, both]), [open(["Ingress", "Egress"])]);
  const all = policy("default-deny", { podSelector: {} });
  assert.deepEqual(await judged(networkPolicies, [details, silent, all]), []);
});

test("a policy whose pods or directions are not known yet closes nothing", async () => {
  const callers = into({ from: [podsOf("productpage")] });
  for (const spec of [
    { podSelector: notKnown, policyTypes: ["Ingress"] },
    { podSelector: {}, policyTypes: [notKnown] },
    { podSelector: {}, policyTypes: notKnown },
    { podSelector: { matchExpressions: [{ key: "app", operator: "Exists" }] } },
  ])
    assert.deepEqual(await judged(networkPolicies, [details, callers, policy("deny", spec)]), [
      open(["Ingress"]),
    ]);
});

test("without configuration a rule that allows everything is found where the direction is limited", async () => {
  for (const peers of [
    undefined,
    [],
    [{ namespaceSelector: {} }],
    [{ namespaceSelector: {}, podSelector: {} }],
    [{ namespaceSelector: { matchLabels: {} }, podSelector: { matchExpressions: [] } }],
    [{ namespaceSelector: notKnown }],
    [{ ipBlock: { cidr: "0.0.0.0/0" } }],
    [{ ipBlock: { cidr: "::/0" } }],
    [{ ipBlock: { cidr: "0.0.0.0/1" } }, { ipBlock: { cidr: "128.0.0.0/1" } }],
    [{ ipBlock: notKnown }],
    [notKnown],
    notKnown,
    [podsOf("productpage"), { namespaceSelector: {} }],
  ]) {
    const what = JSON.stringify(peers);
    assert.deepEqual(await places([closed, into({ from: peers })]), ["spec.ingress[0]"], what);
    assert.deepEqual(await places([closed, outOf({ to: peers })]), ["spec.egress[0]"], what);
  }
  const spec = { ...podsOf("details"), policyTypes: notKnown, ingress: [{}] };
  assert.deepEqual(await places([closed, policy("details", spec)]), ["spec.ingress[0]"]);
  for (const ports of [
    notKnown,
    [notKnown],
    [{ protocol: "TCP" }],
    [{ port: 9080 }, { port: 1, endPort: 65535 }],
  ])
    assert.deepEqual(await places([closed, into({ ports })]), ["spec.ingress[0]"]);
  assert.deepEqual(await judged(networkPolicies, [closed, into({})]), [
    {
      where: "spec.ingress[0] of NetworkPolicy bookinfo/details",
      is: "{}",
      note: "which allows every connection",
      write: "single peers or ports, or no rule",
      resource: "details",
    },
  ]);
});

test("without configuration single peers or ports pass, and a direction that nothing limits", async () => {
  const good = [
    into({ from: [podsOf("productpage")] }, { ports: at(443) }),
    into({ from: [{ namespaceSelector: inNamespace("monitoring") }] }),
    into({ from: [{ namespaceSelector: {}, ...podsOf("prometheus") }] }),
    into({ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }),
    outOf({ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }] }),
  ];
  for (const one of good) assert.deepEqual(await judged(networkPolicies, [closed, one]), []);
  const inward = policy("deny", { podSelector: {}, policyTypes: ["Ingress"] });
  assert.deepEqual(await judged(networkPolicies, [details, inward, outOf({})]), []);
  // What is listed for a direction that the policy does not limit counts for nothing.
  const idle = policy("idle", { podSelector: {}, policyTypes: ["Egress"], ingress: [{}] });
  assert.deepEqual(await judged(networkPolicies, [details, closed, idle]), []);
});

const page = { namespace: "bookinfo", labels: { app: "productpage" } };
const settings = {
  limitedDirections: { bookinfo: both, mesh: ["Ingress"], "*": ["Ingress"] },
  connections: [
    { from: page, to: { namespace: "bookinfo", labels: { app: "details" } }, ports: [9080] },
    { from: { namespace: "bookinfo" }, to: { cidr: "169.254.20.10/32" }, ports: [53] },
    { from: { namespace: "bookinfo" }, to: { namespace: "payments" } },
    { from: "anywhere", to: { namespace: "bookinfo", labels: { app: "front" } }, ports: [80] },
    { from: "any pod", to: { namespace: "mesh" }, ports: [15012] },
  ],
};
const mesh = policy("default-deny", { podSelector: {}, policyTypes: ["Ingress"] }, "mesh");

test("listed namespaces are limited, and so is every other one with workloads", async () => {
  const job = workload("job", { namespace: "jobs" });
  assert.deepEqual(await judged(networkPolicies, [job], settings), [
    open(both),
    open(["Ingress"], "mesh"),
    open(["Ingress"], "jobs"),
  ]);
  const found = await judged(networkPolicies, [job, closed, mesh], {
    ...settings,
    exceptNamespaces: ["jobs"],
  });
  assert.deepEqual(found, []);
});

test("the listed connections pass, and narrower ones", async () => {
  const callers = { namespaceSelector: inNamespace("bookinfo"), ...podsOf("productpage") };
  const first = { matchLabels: { app: "productpage", version: "v1" } };
  for (const one of [
    into({ from: [callers], ports: at(9080) }),
    into({ from: [podsOf("productpage"), { podSelector: first }], ports: at(9080) }),
    into({ from: [callers], ports: [{ port: 9080, endPort: 9080 }] }),
    outOf({ to: [{ ipBlock: { cidr: "169.254.20.10/32" } }], ports: at(53) }),
    outOf({ to: [{ namespaceSelector: inNamespace("payments") }] }),
    outOf({ to: [{ namespaceSelector: inNamespace("payments"), ...podsOf("cards") }] }),
    policy("front", { ...podsOf("front"), ingress: [{ ports: at(80) }] }),
    policy(
      "any",
      { ...podsOf("istiod"), ingress: [{ from: [{ namespaceSelector: {} }], ports: at(15012) }] },
      "mesh",
    ),
    policy(
      "some",
      { ...podsOf("istiod"), ingress: [{ from: [callers], ports: at(15012) }] },
      "mesh",
    ),
    // In this namespace nothing has to be limited outward.
    policy("out", { podSelector: {}, policyTypes: ["Egress"], egress: [{}] }, "mesh"),
  ])
    assert.deepEqual(await judged(networkPolicies, [closed, mesh, one], settings), []);
});

test("what is wider than the listed connections is found, each peer by itself", async () => {
  const callers = podsOf("productpage");
  const from = "spec.ingress[0].from";
  const cases = [
    [into({ from: [callers] }), `${from}[0]`],
    [into({ from: [callers], ports: [notKnown] }), `${from}[0]`],
    [into({ from: [callers], ports: at("http") }), `${from}[0]`],
    [into({ from: [callers], ports: [{ port: 9080, endPort: 9090 }] }), `${from}[0]`],
    [into({ from: [callers, podsOf("ratings")], ports: at(9080) }), `${from}[1]`],
    [into({ from: [{ podSelector: {} }], ports: at(9080) }), `${from}[0]`],
    [into({ from: [{ podSelector: notKnown }], ports: at(9080) }), `${from}[0]`],
    [into({ from: [podsOf(notKnown)], ports: at(9080) }), `${from}[0]`],
    [into({ from: [{ namespaceSelector: {}, ...callers }], ports: at(9080) }), `${from}[0]`],
    [
      into({
        from: [{ namespaceSelector: { matchLabels: { team: "a" } }, ...callers }],
        ports: at(9080),
      }),
      `${from}[0]`,
    ],
    [into({ ports: at(9080) }), "spec.ingress[0]"],
    [into({}), "spec.ingress[0]"],
    [
      into({ from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }], ports: at(9080) }),
      `${from}[0]`,
    ],
    [
      policy("wide", { podSelector: {}, ingress: [{ from: [callers], ports: at(9080) }] }),
      `${from}[0]`,
    ],
    [
      policy("wide", { podSelector: notKnown, ingress: [{ from: [callers], ports: at(9080) }] }),
      `${from}[0]`,
    ],
    [policy("front", { ...podsOf("front"), ingress: [{ ports: at(80, 443) }] }), "spec.ingress[0]"],
    [
      outOf({ to: [{ ipBlock: { cidr: "169.254.20.0/24" } }], ports: at(53) }),
      "spec.egress[0].to[0]",
    ],
    [outOf({ to: [{ namespaceSelector: {} }] }), "spec.egress[0].to[0]"],
    [
      policy(
        "any",
        {
          ...podsOf("istiod"),
          ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: at(15012) }],
        },
        "mesh",
      ),
      `${from}[0]`,
    ],
    [
      policy("any", { ...podsOf("istiod"), ingress: [{ ports: at(15012) }] }, "mesh"),
      "spec.ingress[0]",
    ],
  ] as const;
  for (const [one, place] of cases)
    assert.deepEqual(await places([closed, mesh, one], settings), [place], JSON.stringify(one));
});

test("a finding says the peer, the ports, and what may be there", async () => {
  const wide = into({ from: [podsOf("ratings")], ports: at(9080, 9090) });
  assert.deepEqual(await judged(networkPolicies, [closed, mesh, wide], settings), [
    {
      where: "spec.ingress[0].from[0] of NetworkPolicy bookinfo/details",
      is: '{"podSelector":{"matchLabels":{"app":"ratings"}}}',
      note: "at port 9080, 9090",
      write: '{"namespace":"bookinfo","labels":{"app":"productpage"}} at port 9080',
      resource: "details",
    },
  ]);
  const none = policy("ratings", { ...podsOf("ratings"), ingress: [{}] });
  assert.deepEqual(await judged(networkPolicies, [closed, mesh, none], settings), [
    {
      where: "spec.ingress[0] of NetworkPolicy bookinfo/ratings",
      is: "{}",
      note: "at every port",
      write: "no rule: these pods have no such connection",
      resource: "ratings",
    },
  ]);
});

test("what opens the network by another kind of policy is found where directions are listed", async () => {
  const cilium = { ...policy("all", {}), type: "kubernetes:cilium.io/v2:CiliumNetworkPolicy" };
  const chart: Given = {
    type: "kubernetes:helm.sh/v3:Release",
    name: "istiod",
    inputs: { chart: "istiod", values: { global: { networkPolicy: { enabled: true } } } },
  };
  const others = [closed, mesh, cilium, chart];
  assert.deepEqual(await judged(networkPolicies, others), []);
  assert.deepEqual(await judged(networkPolicies, others, settings), [
    {
      where: "CiliumNetworkPolicy bookinfo/all",
      found: "is of cilium.io, which no rule reads",
      write: "a NetworkPolicy instead, or allow it in allowedPolicies once it is known to be safe",
      resource: "all",
    },
    {
      where: "values.global.networkPolicy.enabled of Release istiod",
      is: "true",
      write: "false: the chart's own NetworkPolicy lets any address connect",
      resource: "istiod",
    },
  ]);
  const allowed = { ...settings, allowedPolicies: ["bookinfo/all"] };
  assert.equal((await judged(networkPolicies, others, allowed)).length, 1);
});
