/** The shares of the versions of reviews are whole numbers that make 100, and egress is one of its two modes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
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
const problems = (changes: object) => settingsProblems(bookinfo, { ...base, ...changes });

test("shares of reviews that make 100, and both kinds of egress, are good", () => {
  for (const reviews of [
    { v1: 100, v2: 0, v3: 0 },
    { v1: 34, v2: 33, v3: 33 },
  ])
    assert.deepEqual(problems({ bookinfo: { reviews } }), []);
  for (const egress of ["ALLOW_ANY", "REGISTRY_ONLY"])
    assert.deepEqual(problems({ mesh: { egress } }), []);
});

const percent = "expected a whole number from 0 to 100";

for (const [name, changes, lines] of [
  [
    "shares that do not make 100",
    { bookinfo: { reviews: { v1: 50, v2: 49, v3: 0 } } },
    [
      "bookinfo.reviews: found an object with v1, v2, v3, expected shares of v1, v2 and v3 that make 100 together",
    ],
  ],
  [
    "a version without a share",
    { bookinfo: { reviews: { v1: 100, v2: 0 } } },
    [`bookinfo.reviews.v3: found nothing, ${percent}`],
  ],
  [
    "shares that are none",
    { bookinfo: { reviews: { v1: 101, v2: -1, v3: 0.5 } } },
    [
      `bookinfo.reviews.v1: found 101, ${percent}`,
      `bookinfo.reviews.v2: found -1, ${percent}`,
      `bookinfo.reviews.v3: found 0.5, ${percent}`,
    ],
  ],
  [
    "an unknown version",
    { bookinfo: { reviews: { v1: 100, v2: 0, v3: 0, v4: 0 } } },
    ["bookinfo.reviews.v4: found an unknown key, expected one of v1, v2, v3"],
  ],
  [
    "an unknown kind of egress",
    { mesh: { egress: "NONE" } },
    ['mesh.egress: found "NONE", expected one of "ALLOW_ANY", "REGISTRY_ONLY"'],
  ],
] as const) {
  test(`one line each: ${name}`, () => {
    assert.deepEqual(problems(changes), lines);
  });
}
