import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceName } from "../../components/access";
import { planCells } from "../../verify/cells";
import { expectedOutcome, mayCall } from "../../verify/expectations";
import type { Credential, Expected } from "../../verify/expectations";
import { vantagePoints } from "../../verify/vantages";
import { viewersOf } from "../../verify/viewers";
import { viewers } from "./support/stack";

const marks: Readonly<Record<string, string>> = {
  "access denied": "denied",
  "passed on": "passed",
  expired: "expired",
  "unknown issuer": "issuer",
  "bad signature": "signature",
  "other audience": "audience",
};

function mark({ status, refusal, stars }: Expected): string {
  if (refusal === "reset") return String(status);
  if (refusal !== undefined) return `${status} ${marks[refusal] ?? ""}`;
  return stars === undefined ? String(status) : `${status} ${stars ? "stars" : "plain"}`;
}

/** The whole plan as `vantage / viewer: outcomes`, which a person can check against the design. */
function plan(): string[] {
  const rows = new Map<string, string[]>();
  for (const { cell } of planCells(
    vantagePoints("http://localhost:8080"),
    viewersOf(viewers),
    new Map(),
  )) {
    const row = `${cell.vantage} / ${cell.viewer}`;
    rows.set(row, [...(rows.get(row) ?? []), mark(cell.expected)]);
  }
  return [...rows].map(([row, outcomes]) => `${row}: ${outcomes.join(", ")}`);
}

const bad = (vantage: string, columns: number) =>
  [
    ["expired token", "401 expired"],
    ["wrong issuer", "401 issuer"],
    ["tampered token", "401 signature"],
    ["wrong audience", "403 audience"],
  ].map(
    ([viewer, outcome]) =>
      `${vantage} / ${viewer}: ${Array<string>(columns)
        .fill(outcome ?? "")
        .join(", ")}`,
  );

const everyone = [
  "anonymous",
  "nobody@bookinfo.example",
  "user@bookinfo.example",
  "moderator@bookinfo.example",
  "catalogue (machine)",
  "reporting (machine)",
  "forged but valid",
];

const nothing = (vantage: string) => [
  ...everyone.map(
    (viewer) => `${vantage} / ${viewer}: ${Array<string>(8).fill("403 denied").join(", ")}`,
  ),
  ...bad(vantage, 8),
];

test("the whole table: every vantage point, viewer and target", () => {
  const gatewayRow = {
    none: "200, 200, 403 passed, 403 passed, 403 passed",
    details: "200, 200, 200, 403 passed, 403 passed",
    both: "200, 200, 200, 200, 403 passed",
  };
  const denied = Array<string>(6).fill("403 denied").join(", ");
  const productpageRow = {
    none: `${denied}, 403 denied, 403 denied`,
    details: `403 denied, 200, ${denied}`,
    both: "403 denied, 200, 200, 200 plain, 200 stars, 200 stars, 403 denied, 403 denied",
  };
  const reviewsRow = {
    none: `${denied}, 403 denied, 403 denied`,
    details: `${denied}, 403 denied, 403 denied`,
    both: `${denied}, 200, 403 denied`,
  };
  const held = ["none", "none", "details", "both", "details", "both", "both"] as const;
  const rows = (vantage: string, row: Record<(typeof held)[number], string>) =>
    everyone.map((viewer, index) => `${vantage} / ${viewer}: ${row[held[index] ?? "none"]}`);
  const resets = Array<string>(8).fill("reset").join(", ");
  assert.deepEqual(plan(), [
    ...rows("through the gateway", gatewayRow),
    ...bad("through the gateway", 5),
    ...rows("from a pod as productpage", productpageRow),
    ...bad("from a pod as productpage", 8),
    ...nothing("from a pod as details"),
    ...rows("from a pod as reviews", reviewsRow),
    ...bad("from a pod as reviews", 8),
    ...nothing("from a pod as ratings"),
    ...nothing("from a stranger's pod"),
    ...[...everyone, "expired token", "wrong issuer", "tampered token", "wrong audience"].map(
      (viewer) => `from a pod outside the mesh / ${viewer}: ${resets}`,
    ),
    "from the unlisted server's own pod / anonymous: 200",
  ]);
});

test("the targets: columns, addresses and paths", () => {
  const targets = vantagePoints("http://localhost:8080").map(({ name, pod, targets: all }) => [
    name,
    pod && `${pod.serviceAccount}${pod.inTheMesh ? "" : " without a sidecar"}`,
    all.map((target) => `${target.name} ${target.origin}${target.path}`),
  ]);
  const inTheMesh = [
    "productpage http://productpage:9080/productpage",
    "details http://details:9080/details/0",
    "reviews http://reviews:9080/reviews/0",
    "reviews-v1 http://reviews-v1:9080/reviews/0",
    "reviews-v2 http://reviews-v2:9080/reviews/0",
    "reviews-v3 http://reviews-v3:9080/reviews/0",
    "ratings http://ratings:9080/ratings/0",
    "unlisted http://verify-unlisted:9080/",
  ];
  assert.deepEqual(targets, [
    [
      "through the gateway",
      undefined,
      [
        "productpage http://localhost:8080/productpage",
        "products http://localhost:8080/api/v1/products",
        "details http://localhost:8080/api/v1/products/0",
        "reviews http://localhost:8080/api/v1/products/0/reviews",
        "ratings http://localhost:8080/api/v1/products/0/ratings",
      ],
    ],
    ["from a pod as productpage", "bookinfo-productpage", inTheMesh],
    ["from a pod as details", "bookinfo-details", inTheMesh],
    ["from a pod as reviews", "bookinfo-reviews", inTheMesh],
    ["from a pod as ratings", "bookinfo-ratings", inTheMesh],
    ["from a stranger's pod", "default", inTheMesh],
    ["from a pod outside the mesh", "default without a sidecar", inTheMesh],
    ["from the unlisted server's own pod", "default", ["unlisted http://127.0.0.1:9080/"]],
  ]);
});

test("signedIn asks for any good token, of whatever permissions", () => {
  const signedIn = { callers: ["gateway"], requires: "signedIn" } as const;
  const table = { productpage: signedIn, details: signedIn, reviews: signedIn, ratings: signedIn };
  const outcomes = (
    [
      { kind: "none" },
      { kind: "token", permissions: [] },
      { kind: "bad token", fault: "expired" },
    ] satisfies Credential[]
  ).map((credential) => mayCall("gateway", "details", credential, table));
  assert.deepEqual(outcomes, [false, true, false]);
});

test("the first service that refuses decides, and only the first hop shows the mesh's own answer", () => {
  const all = (requires: "public" | "signedIn") => ({ callers: ["gateway"] as const, requires });
  const table = {
    productpage: all("signedIn"),
    details: { callers: ["productpage"] as const, requires: "public" as const },
    reviews: all("public"),
    ratings: all("public"),
  };
  const through: [ServiceName, ServiceName] = ["productpage", "details"];
  const outcome = (credential: Credential) =>
    expectedOutcome({ caller: "gateway", through }, credential, table);
  assert.deepEqual(outcome({ kind: "none" }), { status: 403, refusal: "access denied" });
  assert.deepEqual(outcome({ kind: "token", permissions: [] }), { status: 200 });
  assert.deepEqual(
    expectedOutcome(
      { caller: "gateway", through: ["reviews", "details"] },
      { kind: "none" },
      table,
    ),
    { status: 403, refusal: "passed on" },
  );
});

test("requests carry the viewer's token, anonymous ones none, and nothing is sent without a token", () => {
  const planned = planCells(
    vantagePoints("http://localhost:8080").slice(0, 1),
    viewersOf(viewers).slice(0, 3),
    new Map([["nobody@bookinfo.example", "a.b.c"]]),
  );
  const requests = planned
    .filter(({ cell }) => cell.target === "details")
    .map(({ request }) => request);
  const address = { origin: "http://localhost:8080", path: "/api/v1/products/0" };
  assert.deepEqual(requests, [
    { ...address, headers: {} },
    { ...address, headers: { authorization: "Bearer a.b.c" } },
    undefined,
  ]);
});
