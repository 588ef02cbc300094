/** Which keys tokens are judged by: the mesh's own, where it has some of the issuer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fetchedIssuers, keysOf, readKeySets } from "../../../../commands/explain/keys";
import { parseKeys } from "../../../../commands/explain/mesh-keys";
import { parsePolicies } from "../../../../commands/explain/policies";
import { httpClient } from "../../../../lib/http";
import { application } from "../../../../application";
import { bookinfo, jwtRule, object } from "./mesh";

const served = { keys: [{ kty: "RSA", kid: "new" }] };
const held = { keys: [{ kty: "RSA", kid: "old" }] };
const server = createServer((_, response) => response.end(JSON.stringify(served)));
let jwksUri = "";
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
after(() => server.close());

const policiesWith = (rule: object) =>
  parsePolicies(application, {
    ...bookinfo,
    requestAuthentications: [object("tokens", { jwtRules: [{ ...jwtRule, ...rule }] })],
  });

async function keysFor(mesh: ReadonlyMap<string, typeof held>) {
  const policies = policiesWith({ jwksUri });
  const [rule] = policies.requestAuthentications[0]?.spec?.jwtRules ?? [];
  assert.ok(rule);
  return keysOf(rule, await readKeySets(policies, mesh, httpClient()));
}

test("an issuer's keys are those that the mesh has, also while its provider serves others", async () => {
  assert.deepEqual(await keysFor(new Map([[jwtRule.issuer, held]])), held);
});

test("an issuer's keys that the mesh lacks are read at its provider", async () => {
  assert.deepEqual(await keysFor(new Map([["https://other.example/", held]])), served);
});

test("keys in the rule itself are not fetched by anything", () => {
  assert.deepEqual(fetchedIssuers(policiesWith({ jwksUri: undefined, jwks: "{}" })), []);
  assert.deepEqual(fetchedIssuers(policiesWith({ jwksUri })), [jwtRule.issuer]);
});

test("the keys of each issuer are in the listeners of a proxy's configuration", () => {
  const filter = (providers: object) => ({
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
      providers,
    },
  });
  const provider = (issuer: string, set: string) => ({
    issuer,
    local_jwks: { inline_string: set },
  });
  const dump = {
    configs: [
      {
        active_state: {
          listener: {
            filter_chains: [
              { filters: [filter({ "origins-0": provider("https://a/", JSON.stringify(held)) })] },
              { filters: [filter({ "origins-0": provider("https://b/", "none") })] },
              { filters: [{ typed_config: { providers: { x: provider("https://c/", "{}") } } }] },
            ],
          },
        },
      },
    ],
  };
  assert.deepEqual(parseKeys(JSON.stringify(dump)), [
    ["https://a/", held],
    ["https://b/", { problem: "the mesh has no JWK set for https://b/" }],
  ]);
});
