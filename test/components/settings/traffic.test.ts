import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsProblems } from "../../../components/config";
import { kubeconfig } from "../mocks";

const base = {
  cluster: { kind: "existing", kubeconfig },
  identity: {
    kind: "auth0",
    domain: "tenant.eu.auth0.com",
    clientId: "id",
    clientSecret: "secret",
  },
  gateway: { url: "http://books.example" },
};
const problems = (changes: object) => settingsProblems({ ...base, ...changes });

test("shares of reviews that make 100, and both kinds of egress, are good", () => {
  for (const reviews of [
    { v1: 100, v2: 0, v3: 0 },
    { v1: 34, v2: 33, v3: 33 },
  ])
    assert.deepEqual(problems({ bookinfo: { reviews } }), []);
  for (const egress of ["ALLOW_ANY", "REGISTRY_ONLY"])
    assert.deepEqual(problems({ mesh: { egress } }), []);
});

const percent = "a whole number from 0 to 100";
const mistakes: readonly (readonly [changes: object, ...lines: string[]])[] = [
  [
    { bookinfo: { reviews: { v1: 50, v2: 49, v3: 0 } } },
    "bookinfo.reviews: found an object with v1, v2, v3, expected shares of v1, v2 and v3 that make 100 together",
  ],
  [
    { bookinfo: { reviews: { v1: 100, v2: 0 } } },
    `bookinfo.reviews.v3: found nothing, expected ${percent}`,
  ],
  [
    { bookinfo: { reviews: { v1: 101, v2: -1, v3: 0 } } },
    `bookinfo.reviews.v1: found 101, expected ${percent}`,
    `bookinfo.reviews.v2: found -1, expected ${percent}`,
  ],
  [
    { bookinfo: { reviews: { v1: 99.5, v2: 0, v3: 0 } } },
    `bookinfo.reviews.v1: found 99.5, expected ${percent}`,
  ],
  [
    { bookinfo: { reviews: { v1: 100, v2: 0, v3: 0, v4: 0 } } },
    "bookinfo.reviews.v4: found an unknown key, expected one of v1, v2, v3",
  ],
  [
    { bookinfo: { reviews: "v1" } },
    'bookinfo.reviews: found "v1", expected an object with v1, v2, v3',
  ],
  [
    { mesh: { egress: "NONE" } },
    'mesh.egress: found "NONE", expected one of "ALLOW_ANY", "REGISTRY_ONLY"',
  ],
  [{ mesh: { egres: "ALLOW_ANY" } }, "mesh.egres: found an unknown key, expected one of egress"],
];

for (const [changes, ...lines] of mistakes) {
  test(`${JSON.stringify(changes)} is answered by ${lines.length === 1 ? "one line" : "a line for each mistake"}`, () => {
    assert.deepEqual(problems(changes), lines);
  });
}
