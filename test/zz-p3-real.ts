import { readFileSync } from "node:fs";
import { Cluster } from "/work/main/sandbox/plugins/kubernetes/cluster";
import { kubernetes } from "/work/main/sandbox/plugins/kubernetes/kubernetes";
import { settingsOf } from "/work/main/sandbox/plugins/kubernetes/settings";
import { execFileSync } from "node:child_process";
const kc = "/tmp/p3/kube/kubeconfig";
const cluster = new Cluster(settingsOf({ kubeconfig: readFileSync(kc, "utf8") }));
const signal = new AbortController().signal;
const kubectl = (...a: string[]) => execFileSync("kubectl", ["--kubeconfig", kc, ...a], { encoding: "utf8" });
async function one(token: string, given: any, hand?: () => void) {
  const type = kubernetes.resourceType(token)!;
  const { inputs, failures } = type.check(given, { name: "thing", previous: undefined, suffix: "0123456789ab" }, cluster);
  if (failures.length) { console.log(token, failures); return; }
  const op = { urn: "urn::x::" + token + "::n", inputs, timeoutSeconds: 20, signal };
  const t = Date.now();
  const made = await type.create(cluster, op);
  const took = Date.now() - t;
  const ex = { urn: op.urn, id: made.id, inputs, outputs: made.outputs };
  const diff = async () => { const l = await type.read(cluster, ex, signal); return l === undefined ? "GONE" : JSON.stringify([type.difference(l.inputs, inputs, cluster).changes.map(c => c.kind + " " + c.path), JSON.stringify(l.outputs) === JSON.stringify(made.outputs), (l.inputs as any).drift]); };
  console.log(made.id, took, "ms; after create:", await diff());
  await type.update(cluster, ex, op); console.log("   after update:", await diff());
  if (hand) { hand(); console.log("   after hand:", await diff()); const l = await type.read(cluster, ex, signal); if (l) { await type.update(cluster, { ...ex, inputs: l.inputs }, op); console.log("   repaired:", await diff()); } }
  return { type, ex, op };
}
(async () => {
  const made: any[] = [];
  made.push(await one("kubernetes:core/v1:Namespace", { metadata: { name: "shop", labels: { "istio-injection": "enabled" } } }, () => kubectl("label", "ns", "shop", "istio-injection=disabled", "--overwrite")));
  made.push(await one("kubernetes:core/v1:ServiceAccount", { metadata: { name: "shop-details", namespace: "shop", labels: { account: "details" } } }));
  made.push(await one("kubernetes:core/v1:Service", { metadata: { name: "details", namespace: "shop" }, spec: { ports: [{ port: 9080, name: "http" }], selector: { app: "details" } } }, () => kubectl("-n", "shop", "patch", "svc", "details", "--type=json", "-p", '[{"op":"add","path":"/spec/ports/-","value":{"port":9999,"name":"x"}}]')));
  made.push(await one("kubernetes:core/v1:Secret", { metadata: { name: "s", namespace: "shop" }, stringData: { a: "secretsecret" } }, () => kubectl("-n", "shop", "patch", "secret", "s", "-p", '{"data":{"a":"eHh4"}}')));
  made.push(await one("kubernetes:core/v1:ConfigMap", { metadata: { name: "c", namespace: "shop" }, data: { a: "1" } }));
  made.push(await one("kubernetes:apps/v1:Deployment", { metadata: { name: "details-v1", namespace: "shop", annotations: { "pulumi.com/skipAwait": "true" } }, spec: { replicas: 1, selector: { matchLabels: { app: "details" } }, template: { metadata: { labels: { app: "details" } }, spec: { serviceAccountName: "shop-details", containers: [{ name: "details", image: "x:1", imagePullPolicy: "IfNotPresent", ports: [{ containerPort: 9080 }], env: [{ name: "E", value: "" }], resources: { limits: { cpu: "1000m", memory: "0.5Gi" }, requests: { cpu: 0.1 } }, securityContext: { runAsNonRoot: true, privileged: false, capabilities: { drop: ["ALL"] } }, volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] }], volumes: [{ name: "tmp", emptyDir: {} }] } } } },
    () => { kubectl("-n", "shop", "scale", "deploy", "details-v1", "--replicas=3"); kubectl("-n", "shop", "patch", "deploy", "details-v1", "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"evil","image":"evil"}]}}}}'); }));
  const charts = "/root/go/pkg/mod/istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad/manifests/charts";
  made.push(await one("kubernetes:helm.sh/v3:Release", { name: "istio-base", namespace: "istio-system", chart: charts + "/base", createNamespace: true, values: { global: {}, n: null } as any, atomic: true, timeout: 60 }));
  made.push(await one("kubernetes:helm.sh/v3:Release", { name: "istiod", namespace: "istio-system", chart: charts + "/istio-control/istio-discovery", skipAwait: true, values: { pilot: { resources: { requests: { cpu: "10m" } } } } }, () => { kubectl("-n", "istio-system", "delete", "sa", "istiod"); kubectl("-n", "istio-system", "patch", "svc", "istiod", "-p", '{"metadata":{"labels":{"app":"evil"}}}'); }));
  made.push(await one("kubernetes:helm.sh/v3:Release", { name: "istio-ingress", namespace: "istio-ingress", createNamespace: true, chart: charts + "/gateway", skipAwait: true, values: { service: { type: "NodePort" } } }));
  for (const kind of ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]) kubectl("delete", kind, "--all");
  made.push(await one("kubernetes:security.istio.io/v1:AuthorizationPolicy", { metadata: { name: "allow-nothing", namespace: "shop" }, spec: {} }, () => kubectl("-n", "shop", "patch", "authorizationpolicy", "allow-nothing", "--type=merge", "-p", '{"spec":{"rules":[{}]}}')));
  made.push(await one("kubernetes:security.istio.io/v1:PeerAuthentication", { metadata: { name: "default", namespace: "istio-system" }, spec: { mtls: { mode: "STRICT" } } }, () => kubectl("-n", "istio-system", "patch", "peerauthentication", "default", "--type=merge", "-p", '{"spec":{"mtls":{"mode":"PERMISSIVE"},"selector":{"matchLabels":{"a":"b"}}}}')));
  made.push(await one("kubernetes:security.istio.io/v1:PeerAuthentication", { metadata: { name: "bad", namespace: "istio-system" }, spec: { mtls: { mode: "NOPE" } } }).catch((e) => console.log("expected:", e.message)));
  for (const m of made.reverse()) if (m && m.ex.id !== "shop") { const t = Date.now(); await m.type.delete(cluster, m.ex, { ...m.op, timeoutSeconds: 8 }).catch((e: any) => console.log("delete", m.ex.id, e.message)); console.log("deleted", m.ex.id, Date.now() - t); }
})().catch((e) => console.error("FAILED", e));
