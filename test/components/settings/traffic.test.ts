import assert from "node:assert/strict";
import { test } from "node:test";
import { bookinfo } from "../../../components/access";
import { settingsProblems } from "../../../components/config";

const base = {
  cluster: { kind: "existing", kubeconfig: "{apiVersion: v1, kind: Config}" },
  identity: {
    kind: "auth0",
    domain: "tenant.eu.auth0.com",
    clientId: "id",
    clientSecret: "secret",
  },
  gateway: { url: "http://books.example" },
};
const problems = (changes: object) =>
  settingsProblems(bookinfo, { ...base, ...changes }).filter(
    (line) => /^\W*(mesh|bookinfo)/.test(line) && line !== "",
  );

test("shares of reviews that make 100, and both kinds of egress, are good", () => {
  for (const reviews of [
    { v1: 100, v2: 0, v3: 0 },
    { v1: 34, v2: 33, v3: 33 },
  ])
    assert.deepEqual(problems({ bookinfo: { reviews } }), []);
  for (const egress of ["ALLOW_ANY", "REGISTRY_ONLY"])
    assert.deepEqual(problems({ mesh: { egress } }), []);
});

test("each mistake is one line", () => {
  const percent = "a whole number from 0 to 100";
  const cases = [
    [
      { bookinfo: { reviews: { v1: 50, v2: 49, v3: 0 } } },
      "bookinfo.reviews",
      "shares of v1, v2 and v3 that make 100 together",
    ],
    [{ bookinfo: { reviews: { v1: 100, v2: 0 } } }, "bookinfo.reviews.v3", percent],
    [{ bookinfo: { reviews: { v1: 101, v2: -1, v3: 0 } } }, "bookinfo.reviews.v1", percent],
    [
      { bookinfo: { reviews: { v1: 100, v2: 0, v3: 0, v4: 0 } } },
      "bookinfo.reviews",
      "one of v1, v2, v3",
    ],
    [{ mesh: { egress: "NONE" } }, "mesh.egress", 'one of "ALLOW_ANY", "REGISTRY_ONLY"'],
  ] as const;
  for (const [changes, where, expected] of cases) {
    const [line = ""] = problems(changes);
    assert.ok(line.startsWith(where) && line.includes(`expected ${expected}`), line);
  }
});
