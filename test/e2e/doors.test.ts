/**
 * Doors opened by kubectl in a running stack, most of which answer to a client that must not get an answer: `verify`
 * names the object of each, shows the request that gets through where one can, and ends with 1.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { z } from "zod";
import { sharedSandbox } from "./shared";

const reported = z.object({
  findings: z.object({
    unexplained: z.array(z.object({ object: z.string(), seen: z.string().optional() })),
    notCovered: z.array(z.string()),
  }),
});

/** Each object that has to be named; with the answer that its request has to get. */
type Doors = Readonly<Record<string, RegExp | undefined>>;

const image = `IMAGE=$(kubectl -n bookinfo get deployment details-v1 -o jsonpath='{.spec.template.spec.containers[0].image}')`;
const apply = (file: string) =>
  `sed "s#IMAGE#$IMAGE#" ${join(__dirname, "doors", file)} | kubectl apply -f -`;
const patchDeployment = (name: string, template: object) =>
  `kubectl -n bookinfo patch deployment ${name} --type=merge -p '${JSON.stringify({ spec: { template } })}'`;
const rolledOut = (namespace: string, ...deployments: readonly string[]) =>
  deployments.map(
    (name) => `kubectl -n ${namespace} rollout status deployment ${name} --timeout=5m`,
  );
/** Changes the mesh's settings, as istiod reads them. */
const editMesh = (script: string) =>
  `kubectl -n istio-system get configmap istio -o yaml | sed '${script}' | kubectl apply -f -`;

describe("doors", { timeout: 40 * 60_000 }, () => {
  const copy = sharedSandbox();

  before(() => up());

  /** Brings the stack up, and puts right what was changed of it: then there is nothing to name. */
  async function up(...words: readonly string[]): Promise<void> {
    const { code, out, err } = await copy.runWords("up", ...words);
    assert.equal(code, 0, `${err}\n${out.slice(0, 3000)}`);
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
  }

  async function shell(...commands: readonly string[]): Promise<void> {
    const { code, out, err } = await copy.shell(["set -e", ...commands].join("\n"));
    assert.equal(code, 0, out + err);
  }

  /** Verifies; every object is named, with what its request was answered. Then closes the doors. */
  async function named(
    doors: Doors,
    closing: readonly string[],
  ): Promise<z.infer<typeof reported>["findings"]> {
    const { code, out, err } = await copy.run("verify --json - --wait 5");
    await shell(...closing);
    assert.equal(code, 1, err);
    const { findings } = reported.parse(JSON.parse(out));
    const found = [...new Set(findings.unexplained.map(({ object }) => object))];
    assert.deepEqual(found.sort(), Object.keys(doors).sort());
    for (const [object, answer] of Object.entries(doors)) {
      const seen = findings.unexplained.flatMap((each) =>
        each.object === object ? (each.seen ?? []) : [],
      );
      if (answer !== undefined)
        assert.ok(
          seen.some((each) => answer.test(each)),
          `${object}: ${seen.join("\n")}`,
        );
    }
    return findings;
  }

  it("a pod that borrows an identity or takes a service's requests is refused by the API server", async () => {
    const pods = [
      ["app=impostor", "bookinfo-productpage"],
      // As verify's own are labelled: these need no service's account.
      ["app=verify,verify-run=a,verify-pod=outsider", "bookinfo-productpage"],
      ["app=details", "default"],
    ];
    for (const [labels, serviceAccountName] of pods) {
      const overrides = { spec: { serviceAccountName, activeDeadlineSeconds: 600 } };
      const { code, err } = await copy.shell(
        `kubectl -n bookinfo run impostor --image=none --labels=${labels} --overrides='${JSON.stringify(overrides)}' --dry-run=server`,
      );
      assert.equal(code, 1);
      assert.match(err, /ValidatingAdmissionPolicy 'istio-auth0-bookinfo' .* denied request/);
    }
  });

  it("workloads, Services, routes and names", async () => {
    await shell(
      "kubectl delete validatingadmissionpolicybinding istio-auth0-bookinfo",
      image,
      apply("workloads.yaml"),
      patchDeployment("ratings-v1", { spec: { serviceAccountName: "bookinfo-productpage" } }),
      patchDeployment("reviews-v1", {
        metadata: { annotations: { "traffic.sidecar.istio.io/excludeInboundPorts": "9080" } },
      }),
      ...rolledOut("bookinfo", "ratings-v1", "reviews-v1", "impostor", "legacy"),
      ...rolledOut("elsewhere", "other"),
    );
    const { notCovered } = await named(
      {
        "ValidatingAdmissionPolicyBinding istio-auth0-bookinfo":
          /bookinfo-productpage .*: admitted$/,
        // The gateway has set a token that the client does not have, and has led another request to istiod.
        "VirtualService bookinfo/extra": /\/extra\/istiod from outside: 200/,
        "VirtualService elsewhere/details": undefined,
        "Deployment bookinfo/impostor": /sidecar has opened .* and sent [1-9]\d* requests there$/,
        // As that account, by a certificate of its own.
        "Deployment bookinfo/ratings-v1":
          /\/details\/0 with the token of moderator@bookinfo\.example from the pod outsider as bookinfo\/bookinfo-productpage: 200/,
        "Deployment bookinfo/legacy": /:9080\/ from the pod outsider: \d{3}/,
        "Deployment bookinfo/reviews-v1": /:9080\/reviews\/0 from the pod outsider: 200/,
        // Sidecars send to the version v1 of ratings, which it is not; who has none sends there.
        "EndpointSlice bookinfo/elsewhere": /has opened 0 connections to 10\.9\.9\.9 and sent 0 /,
        "Service bookinfo/door": /:31234\/details\/0 from the pod outsider/,
      },
      [
        // What others have added to a Deployment, an update leaves.
        "kubectl -n bookinfo delete deployment impostor legacy reviews-v1",
        "kubectl -n bookinfo delete service legacy door",
        "kubectl -n bookinfo delete endpointslice elsewhere",
        "kubectl -n bookinfo delete virtualservice extra",
        "kubectl -n elsewhere delete virtualservice details",
      ],
    );
    assert.deepEqual(notCovered, ["workloads of the mesh in the namespaces elsewhere"]);
    await up();
  });

  it("the mesh's settings, the control plane, and Gateways of another namespace", async () => {
    await shell(
      editMesh(
        's/REGISTRY_ONLY/ALLOW_ANY/; s#accessLogFile: /dev/stdout#accessLogFile: ""#; s/DECODE_AND_MERGE_SLASHES/BASE/',
      ),
      "kubectl -n istio-system set env deployment/istiod PILOT_SCOPE_GATEWAY_TO_NAMESPACE=false",
      `kubectl patch mutatingwebhookconfiguration istio-sidecar-injector --type=json -p '[{"op":"replace","path":"/webhooks/2/failurePolicy","value":"Ignore"}]'`,
      "kubectl -n bookinfo annotate service reviews alpha.istio.io/kubernetes-serviceaccounts=default",
      image,
      "POD=$(kubectl -n bookinfo get pod -l app=details -o jsonpath='{.items[0].metadata.name}')",
      'kubectl -n bookinfo debug "$POD" --image="$IMAGE" --image-pull-policy=IfNotPresent --attach=false --container=debugger -- sleep 600',
      ...rolledOut("istio-system", "istiod"),
      // The gateway asks the new istiod once it has left the old one.
      `timeout 120 sh -c 'until kubectl -n istio-ingress exec deployment/istio-ingress -- pilot-agent request GET listeners | grep -q :8888; do sleep 1; done'`,
    );
    const { out } = await copy.shell(
      "kubectl -n bookinfo get pod -l app=details -o jsonpath='{.items[0].metadata.name}'",
    );
    await named(
      {
        // The gateway's own policy refuses other ports than the stack's.
        "Listener 8888 of the ingress gateway": /:8888\/ from the pod outsider: 403 RBAC/,
        "VirtualService elsewhere/more": undefined,
        "VirtualService elsewhere/other": /\/health host: other\.example from outside: 200/,
        [`Pod bookinfo/${out.trim()}`]: undefined,
        "Service bookinfo/reviews": undefined,
        "Setting pathNormalization of the mesh": undefined,
        "Setting accessLogFile of the mesh": undefined,
        "Setting outboundTrafficPolicy of the mesh": undefined,
        "Deployment istio-system/istiod": undefined,
        "MutatingWebhookConfiguration istio-sidecar-injector": undefined,
      },
      [
        "kubectl delete namespace elsewhere",
        "kubectl -n bookinfo annotate service reviews alpha.istio.io/kubernetes-serviceaccounts-",
        "kubectl -n bookinfo delete pod -l app=details",
      ],
    );

    await up();
  });

  it("the login at the gateway", async () => {
    await up("--set", "login.at=gateway");
    await shell(
      image,
      apply("login.yaml"),
      editMesh("s/timeout: 5s/timeout: 5s\\n        failOpen: true/"),
      ...rolledOut("login", "intruder"),
    );
    await named(
      {
        "VirtualService bookinfo/userinfo": /\/extra\/userinfo from outside: \d{3}/,
        "VirtualService elsewhere/redis": undefined,
        "Deployment login/intruder": undefined,
        "Extension provider login of the mesh": undefined,
      },
      [
        "kubectl delete namespace elsewhere",
        "kubectl -n login delete deployment intruder",
        "kubectl -n bookinfo delete virtualservice userinfo",
      ],
    );

    await up("--set", "login.at=gateway");
  });
});
