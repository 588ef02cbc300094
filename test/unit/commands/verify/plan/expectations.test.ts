/** The plan has every request of every viewer and vantage point, with the one outcome that the table asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as orders } from "../../../../../examples/orders/application";
import { application as bookinfo } from "../../../../../application";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import {
  expectedOutcome,
  mayCall,
  tokenChecksOf,
} from "../../../../../commands/verify/plan/expectations";
import type { Credential, Expected } from "../../../../../commands/verify/plan/expectations";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import type { PodAddress } from "../../../../../commands/verify/plan/target";
import { viewersOf } from "../../../../../commands/verify/plan/viewers";
import { authentication, viewers } from "../support/stack";

const gatewayUrl = "http://localhost:8080";
const moderator = "moderator@bookinfo.example";
const address = (name: string, last: number) => ({ name, address: `10.0.0.${last}` });
const addresses = new Map<string, PodAddress[]>([
  ["productpage", [address("productpage-v1", 1)]],
  ["details", [address("details-v1", 2)]],
  ["reviews", ["v1", "v2", "v3"].map((version, each) => address(`reviews-${version}`, 3 + each))],
  ["ratings", [address("ratings-v1", 6)]],
]);
const vantages = vantagePoints(bookinfo, gatewayUrl, moderator, addresses);
const stack = {
  authentication,
  issuer: "https://tenant.example/",
  audience: bookinfo.audience,
  permissionsClaim: ["permissions"],
  viewers,
};
const everyone = viewersOf(bookinfo, stack);

/** What reviews' answers with stars are, and those without. */
const shapes = bookinfo.services.reviews?.versions?.[1]?.part;

const usual = tokenChecksOf({ audience: bookinfo.audience, authentication });

function mark({ status, refusal, part }: Expected): string {
  if (refusal !== undefined) return refusal === "reset" ? "reset" : `${status} ${refusal}`;
  if (part === undefined) return String(status);
  const { name, isPresent, body } = part;
  assert.equal(body, isPresent ? shapes?.present : shapes?.absent);
  return `${status} ${isPresent ? name : "plain"}`;
}

/** The whole plan as `vantage / viewer: outcomes`, which a person can check against the design. */
function plan(): string[] {
  const rows = new Map<string, string[]>();
  for (const cell of planCells(bookinfo, vantages, everyone, new Map(), stack).map(cellOf)) {
    const row = `${cell.vantage} / ${cell.viewer}`;
    rows.set(row, [...(rows.get(row) ?? []), mark(cell.expected)]);
  }
  return [...rows].map(([row, outcomes]) => `${row}: ${outcomes.join(", ")}`);
}

/** What everybody holds, or how their token is refused. */
const people = {
  anonymous: "nothing",
  "nobody@bookinfo.example": "nothing",
  "user@bookinfo.example": "details",
  [moderator]: "both",
  "catalogue (machine)": "details",
  "reporting (machine)": "both",
  "forged but valid": "both",
} as const;
const classes = {
  "ours among its audiences": "both",
  "no expiry": "both",
  "audience with other scheme": "both",
  "audience with other slash": "both",
  "foreign client": "nothing",
  "no authorized party": "nothing",
  "permissions as one string": "nothing",
  "permissions nested": "nothing",
  "permissions with a suffix": "nothing",
  "permissions in another case": "nothing",
  "permissions only as scope": "nothing",
  "expired token": "401 expired",
  "not yet valid": "401 not yet valid",
  "wrong issuer": "401 unknown issuer",
  "issuer without its slash": "401 unknown issuer",
  "tampered token": "401 bad signature",
  "stranger's key, tenant's id": "401 bad signature",
  "stranger's RS512, tenant's id": "401 no key for it",
  "stranger's PS256, tenant's id": "401 no key for it",
  "stranger's ES256, tenant's id": "401 no key for it",
  "stranger's EdDSA, tenant's id": "401 no key for it",
  "unknown key id": "401 unknown key",
  "embedded jwk": "401 bad signature",
  "jku to another host": "401 bad signature",
  "alg: none": "401 not a JWT",
  "alg: none, with a signature": "401 unsupported algorithm",
  "HS256 by the public key": "401 no key for it",
  "opaque token": "401 not a JWT",
  "encrypted token": "401 not a JWT",
  "wrong audience": "403 other audience",
  "audiences without ours": "403 other audience",
  "no audience": "403 other audience",
  "ID token": "403 other audience",
  "bearer in lower case": "nothing",
  "token in ?access_token=": "nothing",
  "token in a cookie": "nothing",
  "token as Basic password": "nothing",
  "spoofed identity headers": "nothing",
  "Basic, then Bearer": "both",
  "two Authorization headers": "401 not a JWT",
} as const;

type Held = Record<"nothing" | "details" | "both", readonly string[]>;
const times = (count: number, outcome: string) => Array<string>(count).fill(outcome);

/** A row for everyone of `who`: by what they hold, or their token's refusal everywhere. */
function rows(vantage: string, who: Readonly<Record<string, string>>, held: Held): string[] {
  return Object.entries(who).map(([viewer, holds]) => {
    const outcomes = holds in held ? held[holds as keyof Held] : times(held.nothing.length, holds);
    return `${vantage} / ${viewer}: ${outcomes.join(", ")}`;
  });
}

const denied = "403 access denied";
const passed = "403 passed on";
const refused = times(8, denied);
const same = (outcomes: readonly string[]): Held => ({
  nothing: outcomes,
  details: outcomes,
  both: outcomes,
});

test("the whole table: every vantage point, viewer and target, in all 1264 cells", () => {
  const all = { ...people, ...classes };
  const gateway: Held = {
    nothing: ["200", "200", passed, passed, passed],
    details: ["200", "200", "200", passed, passed],
    both: ["200", "200", "200", "200", passed],
  };
  const productpage: Held = {
    nothing: refused,
    details: refused.with(1, "200"),
    both: [denied, "200", "200", "200 plain", "200 stars", "200 stars", denied, denied],
  };
  const reviews: Held = { nothing: refused, details: refused, both: refused.with(6, "200") };
  /** Where the caller is refused, no token is tried but people's and machines'. */
  const called = ({ nothing, details, both }: Held, from: number, to: number): Held => ({
    nothing: nothing.slice(from, to),
    details: details.slice(from, to),
    both: both.slice(from, to),
  });
  const detour = (vantage: string, anonymous: readonly string[], whole: readonly string[]) => [
    `${vantage} / anonymous: ${anonymous.join(", ")}`,
    `${vantage} / ${moderator}: ${whole.join(", ")}`,
  ];
  // Of 21 ways to ask a service the 20th is a preflight, which carries no token.
  const inside = [...times(19, "answered"), denied, "answered"];
  const none = times(17, "404 no route");
  const port = [
    ["200", "reset", "reset", "reset", "reset", "reset", "reset", "200"],
    ["403 not from its own pod", "403 not from its own pod"],
    ["404 no route", "reset", "200", "404 no route"],
  ].flat();
  assert.deepEqual(plan(), [
    ...rows("through the gateway", all, gateway),
    ...rows("from a pod as productpage", people, productpage),
    ...rows("from a pod as productpage", classes, called(productpage, 1, 6)),
    ...rows("from a pod as details", people, same(refused)),
    ...rows("from a pod as reviews", people, reviews),
    ...rows("from a pod as reviews", classes, called(reviews, 6, 7)),
    ...rows("from a pod as ratings", people, same(refused)),
    ...rows("from a stranger's pod", people, same(refused)),
    ...rows("as a workload of another namespace", people, same(refused)),
    ...rows("from a pod outside the mesh", people, same(times(8, "reset"))),
    "from the unlisted server's own pod / anonymous: 200",
    ...detour(
      "pages of other origins, through the gateway",
      [passed, "answered"],
      ["200", "answered"],
    ),
    ...detour(
      "bypass attempts, through the gateway",
      ["200", ...times(10, passed), ...none],
      ["200", ...times(10, "200"), ...none],
    ),
    ...detour("bypass attempts, from a pod as productpage", times(2 * 21, denied), [
      ...inside,
      ...inside,
    ]),
    ...detour("bypass attempts, from a pod as reviews", times(21, denied), inside),
    ...detour(
      "bypass attempts, from a stranger's pod",
      times(3 * 21, denied),
      times(3 * 21, denied),
    ),
    `the sidecars' own ports, from a pod outside the mesh / anonymous: ${Array<string[]>(6).fill(port).flat().join(", ")}`,
  ]);
});

test("how many cells there are from every vantage point", () => {
  const counts = new Map<string, number>();
  for (const cell of planCells(bookinfo, vantages, everyone, new Map(), stack).map(cellOf)) {
    counts.set(cell.vantage, (counts.get(cell.vantage) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), {
    "through the gateway": 47 * 5,
    "from a pod as productpage": 47 * 5 + 7 * 3,
    "from a pod as details": 7 * 8,
    "from a pod as reviews": 47 * 1 + 7 * 7,
    "from a pod as ratings": 7 * 8,
    "from a stranger's pod": 7 * 8,
    "as a workload of another namespace": 7 * 8,
    "from a pod outside the mesh": 7 * 8,
    "from the unlisted server's own pod": 1,
    "pages of other origins, through the gateway": 2 * 2,
    "bypass attempts, through the gateway": 2 * 28,
    "bypass attempts, from a pod as productpage": 2 * 2 * 21,
    "bypass attempts, from a pod as reviews": 2 * 21,
    "bypass attempts, from a stranger's pod": 2 * 3 * 21,
    "the sidecars' own ports, from a pod outside the mesh": 6 * 14,
  });
});

const targetsOf = (vantage: string) => {
  const found = vantages.find(({ name }) => name === vantage);
  assert.ok(found, vantage);
  return found.targets;
};

test("the usual targets: columns, addresses and paths", () => {
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
  const usual = vantages
    .slice(0, 9)
    .map(({ name, targets }) => [
      name,
      ...targets.map((target) => `${target.name} ${target.origin}${target.path}`),
    ]);
  assert.deepEqual(usual, [
    [
      "through the gateway",
      "productpage http://localhost:8080/productpage",
      "products http://localhost:8080/api/v1/products",
      "details http://localhost:8080/api/v1/products/0",
      "reviews http://localhost:8080/api/v1/products/0/reviews",
      "ratings http://localhost:8080/api/v1/products/0/ratings",
    ],
    ["from a pod as productpage", ...inTheMesh],
    ["from a pod as details", ...inTheMesh],
    ["from a pod as reviews", ...inTheMesh],
    ["from a pod as ratings", ...inTheMesh],
    ["from a stranger's pod", ...inTheMesh],
    ["as a workload of another namespace", ...inTheMesh],
    ["from a pod outside the mesh", ...inTheMesh],
    ["from the unlisted server's own pod", "unlisted http://127.0.0.1:9080/"],
  ]);
});

test("the pods that requests are sent from, and whose certificates they are sent with", () => {
  const pods = vantages.map(({ name, pod, identity }) => {
    if (pod === undefined) return `${name}: here`;
    const { namespace, serviceAccount, inTheMesh, serves } = pod;
    return [
      `${name}: ${pod.name}, ${namespace}/${serviceAccount}`,
      ...(inTheMesh ? [] : ["without a sidecar"]),
      ...(serves ? [`behind ${serves.service}:${serves.port}`] : []),
      ...(identity ? [`as ${identity.namespace}/${identity.name}`] : []),
    ].join(", ");
  });
  const outsider = "outsider, bookinfo/default, without a sidecar";
  const stranger = "stranger, bookinfo/default, behind verify-unlisted:9080";
  assert.deepEqual(pods, [
    "through the gateway: here",
    `from a pod as productpage: ${outsider}, as bookinfo/bookinfo-productpage`,
    `from a pod as details: ${outsider}, as bookinfo/bookinfo-details`,
    `from a pod as reviews: ${outsider}, as bookinfo/bookinfo-reviews`,
    `from a pod as ratings: ${outsider}, as bookinfo/bookinfo-ratings`,
    `from a stranger's pod: ${stranger}`,
    `as a workload of another namespace: ${outsider}, as default/bookinfo-productpage`,
    `from a pod outside the mesh: ${outsider}`,
    `from the unlisted server's own pod: ${stranger}`,
    "pages of other origins, through the gateway: here",
    "bypass attempts, through the gateway: here",
    `bypass attempts, from a pod as productpage: ${outsider}, as bookinfo/bookinfo-productpage`,
    `bypass attempts, from a pod as reviews: ${outsider}, as bookinfo/bookinfo-reviews`,
    `bypass attempts, from a stranger's pod: ${stranger}`,
    `the sidecars' own ports, from a pod outside the mesh: ${outsider}`,
  ]);
});

/** What one viewer's requests are and what they have to get: `METHOD ADDRESS headers: outcome`. */
function requestsFrom(vantage: string, viewer: string): string[] {
  return planCells(bookinfo, vantages, everyone, new Map(), stack)
    .map(cellOf)
    .filter((cell) => cell.vantage === vantage && cell.viewer === viewer)
    .map(({ request, expected }) => {
      const headers = Object.entries(request.headers).map(
        ([name, value]) => ` ${name}=${[value].flat().join()}`,
      );
      return `${request.method} ${request.url}${headers.join("")}: ${mark(expected)}`;
    });
}

test("bypass attempts through the gateway: all that mean details' path, and all that mean no route", () => {
  const gateway = "http://localhost:8080";
  const inside = "details.bookinfo.svc.cluster.local:9080";
  assert.deepEqual(requestsFrom("bypass attempts, through the gateway", moderator), [
    `GET ${gateway}/productpage: 200`,
    `GET ${gateway}/api/v1/products/0: 200`,
    `GET ${gateway}/api/v1//products/0: 200`,
    `GET ${gateway}//api/v1/products/0: 200`,
    `GET ${gateway}/api/v1/products/%30: 200`,
    `GET ${gateway}/api/v1/products%2F0: 200`,
    `GET ${gateway}/api/v1/./products/0: 200`,
    `GET ${gateway}/static/../api/v1/products/0: 200`,
    `GET ${gateway}/productpage/%2e%2e/api/v1/products/0: 200`,
    `GET ${gateway}/api/v1/products\\0: 200`,
    `GET ${gateway}/api/v1/products/0: 200`,
    `GET ${gateway}/: 404 no route`,
    `GET ${gateway}/login: 404 no route`,
    `GET ${gateway}/logout: 404 no route`,
    `GET ${gateway}/health: 404 no route`,
    `GET ${gateway}/details/0: 404 no route`,
    `GET ${gateway}/reviews/0: 404 no route`,
    `GET ${gateway}/ratings/0: 404 no route`,
    `GET ${gateway}//details/0: 404 no route`,
    `GET ${gateway}/PRODUCTPAGE: 404 no route`,
    `GET ${gateway}/API/v1/products/0: 404 no route`,
    `GET ${gateway}/productpage/../details/0: 404 no route`,
    `GET ${gateway}/productpage/%2e%2e/details/0: 404 no route`,
    `GET ${gateway}/productpage/..%2Fdetails/0: 404 no route`,
    `GET ${gateway}/static/..%2f..%2fratings/0: 404 no route`,
    `GET ${gateway}/productpage;/../details/0: 404 no route`,
    `GET http://${inside}/details/0: 404 no route`,
    `GET ${gateway}/details/0 host=${inside}: 404 no route`,
  ]);
  const [plain, absolute] = targetsOf("bypass attempts, through the gateway")
    .filter(({ path }) => path.endsWith("/api/v1/products/0"))
    .filter(({ path }) => path.startsWith("/api") || path.startsWith("http"));
  assert.deepEqual(
    [plain?.path, absolute?.path],
    ["/api/v1/products/0", `${gateway}/api/v1/products/0`],
  );
});

test("bypass attempts to one service: paths, methods, a preflight and a Host in capitals", () => {
  const ratings = "http://ratings:9080";
  const crossOrigin = "origin=https://other.invalid access-control-request-method=GET";
  assert.deepEqual(requestsFrom("bypass attempts, from a pod as reviews", moderator), [
    `GET ${ratings}/ratings/0: answered`,
    `GET ${ratings}//ratings/0: answered`,
    `GET ${ratings}/ratings//0: answered`,
    `GET ${ratings}/ratings%2F0: answered`,
    `GET ${ratings}/ratings/%30: answered`,
    `GET ${ratings}/ratings/./0: answered`,
    `GET ${ratings}/ratings/../health: answered`,
    `GET ${ratings}/ratings/..%2Fhealth: answered`,
    `GET ${ratings}/ratings/..;/health: answered`,
    `GET ${ratings}/RATINGS/0: answered`,
    `GET ${ratings}/health: answered`,
    `GET ${ratings}/metrics: answered`,
    `GET ${ratings}/: answered`,
    `GET ${ratings}/ratings/0: answered`,
    `POST ${ratings}/ratings/0: answered`,
    `PUT ${ratings}/ratings/0: answered`,
    `PATCH ${ratings}/ratings/0: answered`,
    `DELETE ${ratings}/ratings/0: answered`,
    `OPTIONS ${ratings}/ratings/0: answered`,
    `OPTIONS ${ratings}/ratings/0 ${crossOrigin}: 403 access denied`,
    `GET ${ratings}/ratings/0 host=RATINGS:9080: answered`,
  ]);
  // The fourteenth asks in absolute form.
  assert.equal(
    targetsOf("bypass attempts, from a pod as reviews")[13]?.path,
    `${ratings}/ratings/0`,
  );
});

test("a service's pod: three ports answer anybody, with what is no secret", () => {
  const all = requestsFrom("the sidecars' own ports, from a pod outside the mesh", "anonymous");
  assert.deepEqual(all.slice(14, 28), [
    "GET http://10.0.0.2:15021/healthz/ready: 200",
    "GET http://10.0.0.2:9080/: reset",
    "GET http://10.0.0.2:15000/config_dump: reset",
    "GET http://10.0.0.2:15000/quitquitquit: reset",
    "GET http://10.0.0.2:15001/: reset",
    "GET http://10.0.0.2:15004/debug/syncz: reset",
    "GET http://10.0.0.2:15006/: reset",
    "GET http://10.0.0.2:15020/stats/prometheus: 200",
    "GET http://10.0.0.2:15020/quitquitquit: 403 not from its own pod",
    "GET http://10.0.0.2:15020/debug/pprof/: 403 not from its own pod",
    "GET http://10.0.0.2:15021/config_dump: 404 no route",
    "GET http://10.0.0.2:15053/: reset",
    "GET http://10.0.0.2:15090/stats/prometheus: 200",
    "GET http://10.0.0.2:15090/config_dump: 404 no route",
  ]);
});

test("a target's name is its own at its vantage point, and every control is a target there", () => {
  for (const { name, targets } of vantages) {
    const names = targets.map((target) => target.name);
    assert.equal(new Set(names).size, names.length, name);
    const controls = targets.flatMap(({ control }) => control ?? []);
    assert.deepEqual(
      controls.filter((control) => !names.includes(control)),
      [],
    );
  }
});

test("signedIn asks for any good token, with any permissions", () => {
  const signedIn = { callers: ["gateway"], requires: "signedIn", path: "/" } as const;
  const table = { productpage: signedIn, details: signedIn, reviews: signedIn, ratings: signedIn };
  const outcomes = (
    [
      { kind: "none" },
      { kind: "token", permissions: [] },
      { kind: "bad token", refusal: "expired" },
    ] satisfies Credential[]
  ).map((credential) => mayCall({ services: table }, "gateway", "details", credential));
  assert.deepEqual(outcomes, [false, true, false]);
});

test("the first service that refuses decides, and only the first hop shows the mesh's own answer", () => {
  const path = "/";
  const all = (requires: "public" | "signedIn") => ({
    callers: ["gateway"] as const,
    requires,
    path,
  });
  const table = {
    productpage: all("signedIn"),
    details: { callers: ["productpage"] as const, requires: "public" as const, path },
    reviews: all("public"),
    ratings: all("public"),
  };
  const through: [string, string] = ["productpage", "details"];
  const outcome = (credential: Credential) =>
    expectedOutcome({ services: table }, { caller: "gateway", through }, credential, usual);
  assert.deepEqual(outcome({ kind: "none", bearer: true }), {
    status: 403,
    refusal: "access denied",
  });
  assert.deepEqual(outcome({ kind: "token", permissions: [] }), {
    status: 200,
    passing: { by: "productpage" },
  });
  assert.deepEqual(
    expectedOutcome(
      { services: table },
      { caller: "gateway", through: ["reviews", "details"] },
      { kind: "none" },
      usual,
    ),
    {
      status: 403,
      refusal: "passed on",
      passing: { by: "reviews", refusal: "access denied" },
    },
  );
});

test("the gateway asks for a token by itself, where a request has none and the service needs one", () => {
  const outcome = (
    checks: Parameters<typeof tokenChecksOf>[0],
    credential: Credential = { kind: "none" },
    caller = "gateway",
    asks?: { method: string; path: string },
  ) => {
    const way = { caller, through: ["orders"] } as const;
    const found = expectedOutcome(orders, way, credential, tokenChecksOf(checks), asks);
    return found.challenge ?? found.refusal;
  };
  const { audience } = orders;
  const asking = { audience, authentication };
  const realm = `Bearer realm="${audience}"`;
  assert.equal(outcome(asking), `${realm}, scope="read:orders"`);
  const asks = (method: string, path: string) =>
    outcome(asking, { kind: "none" }, "gateway", { method, path });
  assert.equal(asks("DELETE", "/orders/0"), `${realm}, scope="cancel:orders"`);
  assert.equal(asks("PATCH", "/orders/0"), "access denied");
  // The wrong kind of token, or another caller, gets the sidecar's answer.
  assert.equal(outcome(asking, { kind: "none", bearer: true }), "access denied");
  assert.equal(outcome(asking, { kind: "token", permissions: [] }), "access denied");
  assert.equal(outcome(asking, { kind: "none" }, "catalogue"), "access denied");
  const required = { ...authentication, required: true };
  assert.equal(outcome({ audience, authentication: required }), "access denied");
  const login = { at: "gateway", required: false, sessions: "redis" } as const;
  assert.equal(outcome({ ...asking, login }), "access denied");
});

test("requests carry what the viewer holds, anonymous ones nothing, and without a token nothing is sent", () => {
  const carried = { headers: { authorization: "Bearer a.b.c" }, query: "access_token=a.b.c" };
  const shown = { headers: { authorization: "Bearer [token]" }, query: "access_token=[token]" };
  const words = new Map([["a.b.c", "[token]"]]);
  const planned = planCells(
    bookinfo,
    vantages.slice(0, 1),
    everyone.slice(0, 3),
    new Map([
      ["anonymous", { sent: { headers: {} }, shown: { headers: {} }, words: new Map() }],
      ["nobody@bookinfo.example", { sent: carried, shown, words }],
    ]),
    stack,
  ).filter(({ target }) => target.name === "details");
  const [method, path] = ["GET", "/api/v1/products/0"];
  assert.deepEqual(
    planned.map(({ request }) => request),
    [
      { method, origin: gatewayUrl, path, headers: {} },
      { method, origin: gatewayUrl, path: `${path}?${carried.query}`, headers: carried.headers },
      undefined,
    ],
  );
  assert.deepEqual(planned[1]?.shown, {
    method,
    url: `${gatewayUrl}${path}?${shown.query}`,
    headers: shown.headers,
  });
  assert.equal(planned[1].words, words);
});
