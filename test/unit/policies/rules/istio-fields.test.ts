/** A field or condition that Istio does not have is reported, and the pack's table of fields is what Istio defines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { istioFields } from "../../../../policies/istio-fields";
import { istioFieldsKnown } from "../../../../policies/rules/istio-fields";
import { definitionsFile, istioFields as definedFields } from "../fields/definitions";
import { authorization } from "../istio";
import { type Given, judged, notKnown } from "../judged";

const object = (type: string, spec: unknown, more = {}): Given => ({
  type: `kubernetes:${type}`,
  name: "one",
  inputs: {
    apiVersion: "v1",
    kind: "K",
    metadata: { name: "one", labels: { a: "b" } },
    spec,
    ...more,
  },
});

const found = (given: Given, settings = {}) => judged(istioFieldsKnown, [given], settings);

test("every field that Istio has passes, in any version, and what is not known yet", async () => {
  const good = [
    authorization("one", {
      selector: { matchLabels: { app: "details", "example.org/x": "1" } },
      rules: [
        {
          from: [{ source: { principals: ["a"], notIpBlocks: ["10.0.0.0/8"] } }],
          to: [{ operation: { paths: ["/"], ports: ["80"] } }],
          when: [{ key: "request.auth.claims[a][b]", values: ["c"] }],
        },
      ],
    }),
    object("security.istio.io/v1beta1:PeerAuthentication", {
      portLevelMtls: { 8080: { mode: "STRICT" } },
    }),
    object("networking.istio.io/v1alpha3:EnvoyFilter", {
      configPatches: [{ applyTo: "LISTENER", patch: { value: { whatever: { it: "is" } } } }],
    }),
    object("networking.istio.io/v1:VirtualService", {
      http: [{ match: [{ headers: { "x-any": { exact: "1" } } }], retries: { attempts: 1 } }],
    }),
    object("security.istio.io/v1:AuthorizationPolicy", notKnown),
    object("example.org/v1:AuthorizationPolicy", { anything: 1 }),
  ];
  for (const given of good) assert.deepEqual(await found(given), [], JSON.stringify(given));
});

test("fields of no kind of Istio's are found, wherever they are", async () => {
  const policy = authorization("one", {
    rules: [{ from: [{ source: { paths: ["/"], principals: ["a"] } }], paths: ["/"] }],
    selectors: {},
  });
  assert.deepEqual(
    await found(policy),
    ["spec.rules[0].from[0].source.paths", "spec.rules[0].paths", "spec.selectors"].map(
      (place) => ({
        where: `${place} of AuthorizationPolicy bookinfo/one`,
        found: "is a field that AuthorizationPolicy does not have",
        write: "it where Istio's reference has it, or leave it out",
        resource: "one",
      }),
    ),
  );
  const patch = object("security.istio.io/v1:PeerAuthenticationPatch", { mtls: { mod: "STRICT" } });
  assert.equal((await found(patch)).length, 1);
  const outside = object("networking.istio.io/v1:Gateway", {}, { servers: [] });
  assert.deepEqual(
    (await found(outside)).map(({ where }) => where),
    ["servers of Gateway default/one"],
  );
});

test("fields of a newer Istio are configured", async () => {
  const newer = object("networking.istio.io/v1:VirtualService", { http: [{ future: 1 }] });
  const knownFields = ["VirtualService spec.http.future"];
  assert.deepEqual(await found(newer, { knownFields }), []);
  assert.equal((await found(newer)).length, 1);
});

test("conditions that Istio does not know, and those on no value, are found", async () => {
  const when = (condition: object) => authorization("one", { rules: [{ when: [condition] }] });
  const known = [
    "request.headers[x-a]",
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.principal",
    "source.serviceAccount",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "request.auth.claims[iss]",
    "destination.ip",
    "destination.port",
    "connection.sni",
    "experimental.envoy.filters.network.mysql_proxy[db.table]",
  ];
  for (const key of known) assert.deepEqual(await found(when({ key, values: ["a"] })), [], key);
  const strange = [
    "request.header[x-a]",
    "request.headers",
    "request.auth.claim[iss]",
    "request.auth.claims",
    "source.user",
    "destination.labels[version]",
    "request.path",
    notKnown,
  ];
  for (const key of strange)
    assert.deepEqual(
      (await found(when({ key, values: ["a"] }))).map(({ where, note }) => [where, note]),
      [
        [
          "spec.rules[0].when[0].key of AuthorizationPolicy bookinfo/one",
          "which Istio does not know",
        ],
      ],
      key,
    );
  assert.deepEqual(
    (await found(when({ key: "source.ip" }))).map(({ where, found }) => [where, found]),
    [["spec.rules[0].when[0] of AuthorizationPolicy bookinfo/one", "compares with no value"]],
  );
});

const file = definitionsFile();

test("the table is what Istio defines", { skip: file === undefined && "no such Go module" }, () => {
  const flat = (text: string) => text.replace(/\s+/g, " ").trim();
  const defined = Object.entries(definedFields(file ?? ""));
  assert.deepEqual(
    Object.entries(istioFields).map(([kind, text]) => [kind, flat(text)]),
    defined.map(([kind, text]) => [kind, flat(text)]),
  );
});
