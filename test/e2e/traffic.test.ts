/**
 * How requests travel in the mesh, and out of it: to the versions that the settings name, no more often than once where
 * a service has refused them, elsewhere where no service was there; and out of the mesh only where that is allowed.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, before, beforeEach, describe, it } from "node:test";
import { z } from "zod";
import { application as bookinfo } from "../../application";
import { serviceOf } from "../../components/application";
import type { StackOutputs } from "../../commands/stack/outputs";
import { defaultProbeImage, podLabel, type ProbePod } from "../../commands/verify/probes/probe-pod";
import { type ComingProbers, type ProbePods, probePods } from "../../commands/verify/probes/pods";
import type { Observed, ProbeRequest } from "../../commands/verify/probes/observed";
import { Clients, eventually, outputsOf } from "./clients";
import { sharedSandbox } from "./shared";
import { onItsOwn } from "./visitor";

const { port: servicePort } = serviceOf(bookinfo, "reviews");

/** What may call reviews. */
const caller: ProbePod = {
  name: "caller",
  namespace: bookinfo.namespace,
  serviceAccount: "bookinfo-productpage",
  inTheMesh: true,
};
/** A listener in the node that has no sidecar. */
const outside: ProbePod = {
  name: "outside",
  namespace: "default",
  serviceAccount: "default",
  inTheMesh: false,
  serves: { service: "verify-outside", port: 9080 },
};

const many = 30;
const reviews = `http://reviews:${servicePort}`;
const request = (origin: string, path: string, headers = {}): ProbeRequest => ({
  origin,
  path,
  method: "GET",
  headers: { host: new URL(origin).host, ...headers },
});
/** What the kubelet answers to a request that is not encrypted. */
const plainRequest = 400;
const outcome = (observed: Observed) =>
  "status" in observed ? observed.status : "error" in observed ? observed.error : observed.bytes;

describe("traffic", { timeout: 40 * 60_000 }, () => {
  const copy = sharedSandbox();
  let outputs: StackOutputs;
  let pods: ProbePods;
  let probers: ComingProbers;

  /** Brings the stack up; every cell has to be as the table says. */
  async function up(settings: Readonly<Record<string, string | number>>): Promise<void> {
    // The caller's pod is one that the admission policy refuses.
    const all = { ...settings, "mesh.admission": "false" };
    const words = Object.entries(all).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
    const { code, out, err } = await copy.runWords("up", ...words);
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
    outputs = await outputsOf(copy);
  }

  beforeEach(() => {
    pods = probePods({
      kubeconfig: outputs.kubeconfig,
      image: defaultProbeImage,
      deadline: 120_000,
    });
    const wanted = { pods: [caller, outside], accounts: [] };
    ({ probers } = pods.start(wanted, new AbortController().signal));
  });

  afterEach(() => pods.remove());

  async function send(from: ProbePod, ...requests: ProbeRequest[]): Promise<readonly Observed[]> {
    const prober = await probers.get(from.name);
    assert.ok(prober);
    return prober.send(requests);
  }

  /** What a command prints that the sandbox's shell runs. */
  async function shell(command: string): Promise<string> {
    const { code, out, err } = await copy.shell(command);
    assert.equal(code, 0, err);
    return out;
  }

  const podOf = ({ name, namespace }: ProbePod) => `-n ${namespace} -l ${podLabel}=${name}`;
  async function addressOf(pod: ProbePod): Promise<string> {
    // Until it runs, a pod may have no address.
    await probers.get(pod.name);
    return shell(`kubectl get pod ${podOf(pod)} -o jsonpath='{.items[0].status.podIP}'`);
  }

  const nodeAddress = () =>
    shell(
      `kubectl get node -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}'`,
    );

  /** The kubelet: it listens in the node and is no pod, at a port where the mesh has no service. */
  const kubelet = async () => request(`http://${await nodeAddress()}:10250`, "/");

  /** How often the sidecars of a service have answered a request that has this in its path. */
  async function timesAnswered(service: string, mark: string, later: string): Promise<number> {
    const logs = `kubectl -n ${bookinfo.namespace} logs -l app=${service} -c istio-proxy --tail=-1`;
    let lines: string[] = [];
    // The logs are written in turn: with the later request's line, every line of the earlier one is there.
    await eventually(60_000, async () => {
      lines = (await shell(logs)).split("\n");
      assert.ok(lines.some((line) => line.includes(later)));
    });
    return lines.filter((line) => line.includes(mark)).length;
  }

  describe("with all requests for reviews led to v1, and nothing allowed out of the mesh", () => {
    before(() => up({ "bookinfo.reviews": "{v1: 100, v2: 0, v3: 0}" }));

    it("has v1 answer every request, and each version those for itself", async () => {
      const authorization = `Bearer ${await (await Clients.of(copy)).token("reporting")}`;
      const answeredBy = async (origin: string) => {
        const asked = Array.from({ length: many }, () =>
          request(origin, "/reviews/0", { authorization }),
        );
        const versions = (await send(caller, ...asked)).map((observed) => {
          assert.ok("body" in observed && observed.status === 200, JSON.stringify(observed));
          const { podname } = z.object({ podname: z.string() }).parse(JSON.parse(observed.body));
          return podname.split("-").slice(0, 2).join("-");
        });
        return [...new Set(versions)];
      };
      assert.deepEqual(await answeredBy(reviews), ["reviews-v1"]);
      for (const version of ["reviews-v1", "reviews-v2", "reviews-v3"])
        assert.deepEqual(await answeredBy(`http://${version}:${servicePort}`), [version]);
    });

    it("sends a request once if a sidecar refuses it", async () => {
      const [mark, later] = [randomUUID(), randomUUID()];
      const refused = [mark, later].map((id) => request(reviews, `/reviews/0?id=${id}`));
      for (const one of refused) assert.deepEqual((await send(caller, one)).map(outcome), [403]);
      assert.equal(await timesAnswered("reviews", mark, later), 1);
    });

    it("would be seen to ask again where the mesh is told to", async () => {
      const retryOn = await shell(
        `kubectl -n ${bookinfo.namespace} get virtualservice reviews -o jsonpath='{.spec.http[0].retries.retryOn}'`,
      );
      const repeatOn = (value: string) => {
        const patch = [{ op: "replace", path: "/spec/http/0/retries/retryOn", value }];
        return shell(
          `kubectl -n ${bookinfo.namespace} patch virtualservice reviews --type json -p '${JSON.stringify(patch)}'`,
        );
      };
      await repeatOn("403");
      try {
        await eventually(60_000, async () => {
          const [mark, later] = [randomUUID(), randomUUID()];
          for (const id of [mark, later])
            await send(caller, request(reviews, `/reviews/0?id=${id}`));
          assert.equal(await timesAnswered("reviews", mark, later), 3);
        });
      } finally {
        await repeatOn(retryOn);
      }
    });

    it("asks once where the front door's sidecar refuses, also a client that asks for more", async () => {
      const [mark, later] = [randomUUID(), randomUUID()];
      for (const id of [mark, later]) {
        const { status } = await fetch(new URL(`/productpage?id=${id}`, outputs.gatewayUrl), {
          headers: {
            ...onItsOwn,
            authorization: "Bearer a.b.c",
            "x-envoy-retry-on": "5xx,retriable-4xx,retriable-status-codes",
            "x-envoy-retriable-status-codes": "401,403",
            "x-envoy-max-retries": "3",
          },
        });
        assert.equal(status, 401);
      }
      assert.equal(await timesAnswered("productpage", mark, later), 1);
    });

    it("asks elsewhere where a connection is refused", async () => {
      const node = await nodeAddress();
      const slice = {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          name: "reviews-v1-nobody",
          namespace: bookinfo.namespace,
          labels: { "kubernetes.io/service-name": "reviews-v1" },
        },
        addressType: "IPv4",
        // Nothing listens at this port of the node.
        endpoints: [{ addresses: [node] }],
        ports: [{ name: "http", port: servicePort, protocol: "TCP" }],
      };
      await shell(`kubectl apply -f - <<'END'\n${JSON.stringify(slice)}\nEND\n`);
      try {
        const script = `fetch("http://127.0.0.1:15000/clusters").then((answer) => answer.text()).then(console.log)`;
        const name = (await shell(`kubectl get pod ${podOf(caller)} -o name`)).trim();
        await eventually(60_000, async () => {
          const asked = Array.from({ length: many }, () =>
            request(`http://reviews-v1:${servicePort}`, "/reviews/0"),
          );
          const answers = new Set((await send(caller, ...asked)).map(outcome));
          assert.deepEqual([...answers], [403]);
          const clusters = await shell(
            `kubectl -n ${caller.namespace} exec ${name} -c probe -- node -e '${script}'`,
          );
          const failures = clusters
            .split("\n")
            .find(
              (line) =>
                line.startsWith(`outbound|${servicePort}||reviews-v1.`) &&
                line.includes(`::${node}:${servicePort}::cx_connect_fail::`),
            );
          assert.ok(Number(failures?.split("::").at(-1)) > 0, failures ?? "not known yet");
        });
      } finally {
        await shell(`kubectl -n ${bookinfo.namespace} delete endpointslice reviews-v1-nobody`);
      }
    });

    it("lets no workload with a sidecar reach a listener outside of the mesh", async () => {
      const origin = `http://${await addressOf(outside)}:9080`;
      const asked = [request(origin, "/"), await kubelet()];
      assert.deepEqual((await send(caller, ...asked)).map(outcome), [502, "ECONNRESET"]);
      assert.deepEqual((await send(outside, ...asked)).map(outcome), [200, plainRequest]);
    });
  });

  describe("with anything allowed out of the mesh", () => {
    before(() => up({ "mesh.egress": "ALLOW_ANY" }));

    it("lets the same caller reach the same listeners", async () => {
      const origin = `http://${await addressOf(outside)}:9080`;
      const asked = [request(origin, "/"), await kubelet()];
      assert.deepEqual((await send(caller, ...asked)).map(outcome), [200, plainRequest]);
    });
  });
});
