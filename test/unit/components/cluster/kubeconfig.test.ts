/** The server is that of the chosen context, and a text that is not a complete kubeconfig is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKubeconfig, serverOf } from "../../../../components/cluster/kubeconfig";

const content = `
current-context: second
clusters:
  - { name: a, cluster: { server: "https://a.example" } }
  - { name: b, cluster: { server: "https://b.example:6443" } }
contexts:
  - { name: first, context: { cluster: a, user: admin } }
  - { name: second, context: { cluster: b, user: admin } }
  - { name: broken, context: { cluster: gone, user: admin } }
users:
  - { name: admin, user: { token: secret } }
`;

const servers: [string | undefined, string | undefined][] = [
  [undefined, "https://b.example:6443"],
  ["first", "https://a.example"],
  ["broken", undefined],
  ["missing", undefined],
];

for (const [context, server] of servers) {
  test(`the server of context ${context ?? "(current)"} is ${server ?? "unknown"}`, () => {
    const kubeconfig = parseKubeconfig(content);
    assert.ok(kubeconfig);
    assert.equal(serverOf(kubeconfig, context), server);
  });
}

test("a kubeconfig without current context has no server by default", () => {
  const kubeconfig = parseKubeconfig(content.replace(/current-context.*/, ""));
  assert.ok(kubeconfig);
  assert.equal(serverOf(kubeconfig), undefined);
});

for (const [what, text] of Object.entries({
  "broken YAML": "a: [",
  "plain text": "hello",
  nothing: "",
  "another object": "{apiVersion: v1, kind: Secret}",
  "a cluster without server": content.replace('{ server: "https://a.example" }', "{}"),
})) {
  test(`${what} is no kubeconfig`, () => {
    assert.equal(parseKubeconfig(text), undefined);
  });
}
