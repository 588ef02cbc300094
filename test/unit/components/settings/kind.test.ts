/** A kind cluster is refused where its ports collide or a node port is not in Kubernetes' range. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";

/** What is said about these ports of a kind cluster, with all other settings as they should be. */
function problems(cluster: object, gateway: object): string[] {
  return settingsProblems(bookinfo, {
    cluster: { kind: "kind", ...cluster },
    identity: {
      kind: "oidc",
      issuer: "https://tenant.example",
      jwksUri: "https://tenant.example/keys",
      audience: "books",
    },
    authentication: { clients: "any" },
    gateway,
  });
}

const tls = { issuer: { kind: "selfSigned" } };
const taken = "expected another port than the gateway's on this machine";
const range = "expected a port from 30000 to 32767, as Kubernetes has them on every node";

for (const [what, cluster, gateway, expected] of [
  ["ports that fit each other", {}, { url: "http://localhost:8080" }, []],
  [
    "the first and the last node port",
    {},
    { url: "https://localhost:8443", nodePort: 30000, tls: { ...tls, nodePort: 32767 } },
    [],
  ],
  [
    "port 80 without a redirect to it",
    { apiServerPort: 80 },
    { url: "https://localhost:8443", tls },
    [],
  ],
  [
    "the gateway's port for the API server",
    { apiServerPort: 8080 },
    { url: "http://localhost:8080" },
    [`cluster.apiServerPort: found 8080, ${taken}, 8080`],
  ],
  [
    "the API server's own port for the gateway",
    {},
    { url: "http://localhost:6550" },
    [`cluster.apiServerPort: found nothing, ${taken}, 6550`],
  ],
  [
    "the redirect's port for the API server",
    { apiServerPort: 80 },
    { url: "https://localhost", tls },
    [`cluster.apiServerPort: found 80, ${taken}, 80`],
  ],
  [
    "node ports that Kubernetes refuses",
    {},
    { url: "https://localhost:8443", nodePort: 29999, tls: { ...tls, nodePort: 32768 } },
    [`gateway.nodePort: found 29999, ${range}`, `gateway.tls.nodePort: found 32768, ${range}`],
  ],
] as const) {
  test(`${what}: ${expected.length === 0 ? "nothing is said" : "a line each"}`, () => {
    assert.deepEqual(problems(cluster, gateway), expected);
  });
}
