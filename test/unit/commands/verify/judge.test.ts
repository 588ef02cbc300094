/** A refusal matches only in its own words, and counts only next to a control. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application } from "../../../../application";
import type { ObservedCell } from "../../../../commands/verify/plan/cells";
import type { OnRefusal } from "../../../../components/access/proof";
import type { Expected, Passing } from "../../../../commands/verify/plan/expectations";
import {
  compare,
  describeExpected,
  describeObserved,
  isReceivedAnyway,
  judge,
  matches,
  unmarkedIn,
} from "../../../../commands/verify/judge";
import type { Answer, Observed } from "../../../../commands/verify/probes/observed";

const answer = (status: number, body = ""): Answer => ({ status, headers: {}, body });
const denied: Expected = { status: 403, refusal: "access denied" };
const deniedAnswer = answer(403, "RBAC: access denied");
const ok: Expected = { status: 200 };
const reset: Expected = { status: "reset", refusal: "reset" };
const answered: Expected = { status: "answered" };
const noRoute: Expected = { status: 404, refusal: "no route" };
const localOnly: Expected = { status: 403, refusal: "not from its own pod" };
const resetSeen: Observed = { error: "ECONNRESET" };
const bytesSeen: Observed = { bytes: Buffer.from("+PONG\r\n").toString("base64") };

const app = "https://app.example";
const granted: Expected = { status: 200, grants: { "access-control-allow-origin": app } };
const ungranted: Expected = { status: 200, grants: {} };
const withHeaders = (headers: Record<string, string>, status = 200): Observed => ({
  status,
  headers,
  body: "",
});

/** Bookinfo's own: what the table's answers with stars, and without, are. */
function withStars(isPresent: boolean): Expected {
  const part = application.services.reviews?.versions?.[1]?.part;
  assert.ok(part);
  const body = part[isPresent ? "present" : "absent"];
  return { status: 200, part: { name: part.name, isPresent, body } };
}

const ofService = { "x-envoy-upstream-service-time": "1" };

const starred = '{"reviews":[{"rating":{"stars":5,"color":"red"}},{"rating":{"stars":4}}]}';
const plain = '{"reviews":[{"reviewer":"a"},{"reviewer":"b"}]}';
const failed = '{"reviews":[{"rating":{"error":"Ratings service is currently unavailable"}}]}';
const mixed = '{"reviews":[{"rating":{"stars":5}},{"reviewer":"b"}]}';

/** What a service that asks another one has to answer where that refuses. */
function passedOn(onRefusal?: OnRefusal): Expected {
  const status = typeof onRefusal === "object" ? Number(onRefusal.status) : 403;
  const passing = { by: "details", refusal: "access denied", ...(onRefusal && { onRefusal }) };
  return { status, refusal: "passed on", passing: passing as Passing };
}

/** The same where that lets the request in, for an unusual token. */
const behind = (onRefusal?: OnRefusal): Expected => ({
  ...ok,
  orItsOwn: true,
  passing: { by: "details", entry: "all", ...(onRefusal && { onRefusal }) },
});

const degraded: OnRefusal = { status: 200, body: "no details today" };
const upgraded: Expected = { ...answered, upgrade: true };
const head: Expected = { ...answered, bodiless: true };
const unreached: Observed = {
  status: 503,
  headers: ofService,
  body: "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
};

const cases: readonly [string, Expected, Observed, boolean][] = [
  ["a permitted request", ok, answer(200), true],
  ["a refusal instead of an answer", ok, deniedAnswer, false],
  ["an answer instead of a refusal", denied, answer(200), false],
  ["the mesh's own refusal", denied, deniedAnswer, true],
  ["the mesh's own refusal and a line end", denied, answer(403, "RBAC: access denied\n"), true],
  ["another 403", denied, answer(403, "Forbidden"), false],
  ["a longer body", denied, answer(403, "RBAC: access denied, says the service"), false],
  ["a refusal of HEAD", { ...denied, bodiless: true }, answer(403), true],
  [
    "a refusal of HEAD, of its length",
    { ...denied, bodiless: true },
    withHeaders({ "content-length": "19" }, 403),
    true,
  ],
  [
    "a service's 403 to HEAD, of another length",
    { ...denied, bodiless: true },
    withHeaders({ "content-length": "5000" }, 403),
    false,
  ],
  [
    "a service's 401 to HEAD, of another length",
    { status: 401, refusal: "expired", bodiless: true },
    withHeaders({ "content-length": "2" }, 401),
    false,
  ],
  ["a refusal of HEAD with a body", { ...denied, bodiless: true }, deniedAnswer, false],
  ["a refusal without its words", denied, answer(403), false],
  ["a 5xx", denied, answer(503, "RBAC: access denied"), false],
  ["a reset", denied, { error: "ECONNRESET" }, false],
  ["a time-out", denied, { error: "ETIMEDOUT" }, false],
  ["a name failure", ok, { error: "ENOTFOUND" }, false],
  ["a reset asked for", reset, resetSeen, true],
  ...["ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET while connecting"].map(
    (error): [string, Expected, Observed, boolean] => [
      `a reset asked for, ${error} there`,
      reset,
      { error },
      false,
    ],
  ),
  ["a reset asked for, an answer there", reset, answer(200), false],
  ["a reset asked for, a refusal there", reset, deniedAnswer, false],
  ["a reset asked for, a 503 there", reset, answer(503, "connection reset"), false],
  ["expired", { status: 401, refusal: "expired" }, answer(401, "Jwt is expired"), true],
  [
    "issuer for expired",
    { status: 401, refusal: "expired" },
    answer(401, "Jwt issuer is not configured"),
    false,
  ],
  [
    "issuer",
    { status: 401, refusal: "unknown issuer" },
    answer(401, "Jwt issuer is not configured"),
    true,
  ],
  [
    "signature",
    { status: 401, refusal: "bad signature" },
    answer(401, "Jwt verification fails"),
    true,
  ],
  [
    "audience",
    { status: 403, refusal: "other audience" },
    answer(403, "Audiences in Jwt are not allowed"),
    true,
  ],
  ["denied for audience", { status: 403, refusal: "other audience" }, deniedAnswer, false],
  ["passed on", passedOn(), answer(403, '{"error": "Sorry"}'), true],
  ["passed on in any words", passedOn(), answer(403, "<p>Sorry"), true],
  ["the mesh's own for passed on", passedOn("same status"), deniedAnswer, false],
  ["passed on with another status", passedOn("same status"), answer(401, "Sorry"), false],
  ["passed on unchanged", passedOn("unchanged"), deniedAnswer, true],
  [
    "another refusal passed on unchanged",
    passedOn("unchanged"),
    answer(401, "Jwt is expired"),
    false,
  ],
  [
    "passed on unchanged asked, own words there",
    passedOn("unchanged"),
    answer(403, "Sorry"),
    false,
  ],
  ["passed on as a failure", passedOn({ status: 502 }), withHeaders(ofService, 502), true],
  ["passed on as a failure, Envoy's there", passedOn({ status: 502 }), answer(502), false],
  ["passed on as a failure, another there", passedOn({ status: 502 }), answer(200), false],
  ["passed on by a text", passedOn(degraded), answer(200, "<p>no details today"), true],
  ["passed on by a text that is missing", passedOn(degraded), answer(200, "<p>details"), false],
  ...(
    [
      ["not yet valid", 401, "Jwt not yet valid"],
      ["unknown key", 401, "Jwks doesn't have key to match kid or alg from Jwt"],
      ["unsupported algorithm", 401, "Jwt header [alg] is not supported"],
      [
        "not a JWT",
        401,
        "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
      ],
    ] as const
  ).flatMap(([refusal, status, body]): [string, Expected, Observed, boolean][] => [
    [refusal, { status, refusal }, answer(status, body), true],
    [
      `another's words for ${refusal}`,
      { status, refusal },
      answer(status, "Jwt is expired"),
      false,
    ],
  ]),
  ...(
    [
      ["Jwks doesn't have key to match kid or alg from Jwt", true],
      ["Jwt verification fails", true],
      ["Jwt ED25519 signature is wrong length", true],
      ["Jwt is expired", false],
    ] as const
  ).map(([body, isRight]): [string, Expected, Observed, boolean] => [
    `no key for it: ${body}`,
    { status: 401, refusal: "no key for it" },
    answer(401, body),
    isRight,
  ]),
  ["no route", noRoute, answer(404), true],
  ["no route asked, a service's own 404 there", noRoute, answer(404, "Not Found"), false],
  ["no route asked, an empty answer there", noRoute, answer(200), false],
  [
    "not from its own pod",
    localOnly,
    answer(403, "Only requests from localhost are allowed\n"),
    true,
  ],
  ["denied for not from its own pod", localOnly, deniedAnswer, false],
  ...[200, 204, 301, 400, 404, 405, 415].map((status): [string, Expected, Observed, boolean] => [
    `answered by the service itself with ${status}`,
    answered,
    answer(status, "<p>its own words"),
    true,
  ]),
  ["a 404 without words, of the service", answered, withHeaders(ofService, 404), true],
  ["a 404 without words, of the gateway", answered, withHeaders({}, 404), false],
  ["answered asked, denied there", answered, deniedAnswer, false],
  ["answered asked, a service's own 401 there", answered, answer(401, "Log in"), true],
  ["answered asked, a service's own 403 there", answered, answer(403, '{"error":"x"}'), true],
  [
    "answered asked, a page about the mesh's words",
    answered,
    answer(200, "RBAC: access denied"),
    true,
  ],
  ["answered asked, a service's own failure there", answered, withHeaders(ofService, 500), true],
  ["answered asked, an empty object there", answered, answer(200, "{}"), true],
  [
    "answered asked, a service's own 400 there",
    answered,
    { status: 400, headers: ofService, body: "Bad Request" },
    true,
  ],
  [
    "answered asked, the mesh's words from behind the service's own sidecar",
    { ...answered, atSidecar: true },
    { ...deniedAnswer, headers: ofService },
    true,
  ],
  [
    "a refusal asked, the same words from behind the service's own sidecar",
    { ...denied, atSidecar: true },
    { ...deniedAnswer, headers: ofService },
    false,
  ],
  [
    "a refusal asked, the next proxy's there",
    denied,
    { ...deniedAnswer, headers: ofService },
    true,
  ],
  ["no route asked, an empty 404 of a service there", noRoute, withHeaders(ofService, 404), false],
  ["answered asked, a 503 of the next proxy", answered, unreached, false],
  ["HEAD answered", { ...answered, bodiless: true }, withHeaders({ "content-length": "7" }), true],
  ["HEAD refused by the service", head, withHeaders({ "content-length": "7" }, 403), true],
  ["HEAD refused by the mesh", head, withHeaders({ "content-length": "19" }, 403), false],
  ["HEAD refused by somebody", head, answer(403), false],
  ["an upgrade answered with a failure of its own", upgraded, answer(500), true],
  ["an upgrade answered with an empty 404", upgraded, answer(404), true],
  ["an upgrade refused", upgraded, deniedAnswer, false],
  ["an upgrade that reaches nothing", upgraded, answer(503, "no healthy upstream"), false],
  ["a status of several", { status: 201, or: [409] }, answer(409, "again"), true],
  ["a status of none", { status: 201, or: [409] }, answer(200), false],
  ["a proof that is a 403", { status: 403 }, answer(403, "not yours"), true],
  ["a proof that is a 403, the mesh's there", { status: 403 }, deniedAnswer, false],
  ["a proof that is an empty 404, none there", { status: 404 }, answer(404), false],
  ["its own, for one status", { ...ok, orItsOwn: true }, answer(401, "no"), true],
  ["its own asked, denied there", { ...ok, orItsOwn: true }, deniedAnswer, false],
  ["let in by each, one behind refuses", behind("same status"), answer(403, "Sorry"), false],
  ["let in by each, and not found", behind("same status"), answer(404, "Sorry"), true],
  ["let in by each, by a text", behind(degraded), answer(200, "<p>details"), true],
  [
    "let in by each, the other text there",
    behind(degraded),
    answer(200, "no details today"),
    false,
  ],
  ["answered asked, a 5xx there", answered, answer(503, "no healthy upstream"), false],
  ["answered asked, a reset there", answered, resetSeen, false],
  ["answered asked, an upgrade there", answered, answer(101), true],
  ["bytes for an answer of the service's own", answered, bytesSeen, true],
  ["bytes for a 200", ok, bytesSeen, true],
  ["bytes for a reset", reset, bytesSeen, false],
  ["bytes for a refusal", denied, bytesSeen, false],
  ["bytes for no route", noRoute, bytesSeen, false],
  ["stars", withStars(true), answer(200, starred), true],
  ["stars asked, none there", withStars(true), answer(200, plain), false],
  ["stars asked, refused", withStars(true), answer(200, failed), false],
  ["stars asked, some there", withStars(true), answer(200, mixed), false],
  ["stars asked, not JSON", withStars(true), answer(200, "<p>"), false],
  ["no stars", withStars(false), answer(200, plain), true],
  ["no stars, ratings refused", withStars(false), answer(200, failed), true],
  ["no stars asked, some there", withStars(false), answer(200, mixed), false],
  ["an origin let in", granted, withHeaders({ "access-control-allow-origin": app }), true],
  ["an origin to be let in, no word of it", granted, answer(200), false],
  ["any origin for one", granted, withHeaders({ "access-control-allow-origin": "*" }), false],
  [
    "an origin let in, with credentials",
    granted,
    withHeaders({
      "access-control-allow-origin": app,
      "access-control-allow-credentials": "true",
    }),
    false,
  ],
  [
    "an origin let in, refused",
    granted,
    withHeaders({ "access-control-allow-origin": app }, 403),
    false,
  ],
  ["no origin let in", ungranted, answer(200), true],
  [
    "no origin let in, methods without one",
    ungranted,
    withHeaders({ "access-control-allow-methods": "GET" }),
    true,
  ],
  [
    "no origin to be let in, one there",
    ungranted,
    withHeaders({ "access-control-allow-origin": "null" }),
    false,
  ],
  [
    "no origin to be let in, an answer of the service's that lets one in",
    { ...answered, grants: {} },
    withHeaders({ "access-control-allow-origin": "*" }, 204),
    false,
  ],
  [
    "a refusal that lets no origin in, and lets one in",
    { ...denied, grants: {} },
    { ...deniedAnswer, headers: { "access-control-allow-origin": app } },
    false,
  ],
  ["the gateway's own answer", { ...ok, byGateway: true }, answer(200), true],
  [
    "the gateway's own answer asked, a service's there",
    { ...ok, byGateway: true },
    withHeaders({ "x-envoy-upstream-service-time": "1" }),
    false,
  ],
  ["no stars asked, no reviews", withStars(false), answer(200, "{}"), false],
];

for (const [name, expected, observed, same] of cases) {
  test(`matches: ${name}`, () => {
    assert.equal(matches(expected, observed), same);
  });
}

function cell(
  vantage: string,
  target: string,
  expected: Expected,
  observed: Observed | undefined,
): ObservedCell {
  const request = { method: "GET", url: "http://details:9080/", headers: {} };
  return { vantage, viewer: "somebody", target, service: "details", request, expected, observed };
}

const verdicts = (cells: readonly ObservedCell[]) => judge(cells).map(({ verdict }) => verdict);

test("a refusal counts next to an answer of the same target from the same vantage point", () => {
  assert.deepEqual(
    verdicts([cell("a", "details", ok, answer(200)), cell("a", "details", denied, deniedAnswer)]),
    ["same", "same"],
  );
});

/** Answers of a gateway or of Envoy in words that `verify` does not know. */
const direct: readonly Answer[] = [
  { status: 302, headers: { location: "https://tenant.example/authorize" }, body: "" },
  answer(429, "local_rate_limited"),
  answer(413, "Payload Too Large"),
  answer(426),
  answer(403),
  answer(403, "denied by the policy"),
];

for (const observed of direct) {
  const words = `${observed.status} ${observed.body}`.trim();
  test(`an answer of the gateway's own is no service's and no control: ${words}`, () => {
    const markedBy = "the gateway";
    const refused = cell("a", "details", { ...denied, markedBy }, deniedAnswer);
    const marked: Answer = { ...answer(200), headers: ofService };
    const other = cell("b", "reviews", { ...ok, markedBy }, marked);
    for (const expected of [
      answered,
      { status: observed.status },
      { ...ok, orItsOwn: true },
      { status: observed.status, refusal: "passed on", passing: passedOn().passing },
    ] as readonly Expected[]) {
      const itself = cell("a", "details", { ...expected, markedBy }, observed);
      assert.equal(verdicts([itself, other])[0], "different");
      if (expected.refusal === undefined) {
        assert.deepEqual(verdicts([itself, refused, other]), ["different", "unproven", "same"]);
        // The same of a service, of an upgrade, and where an ingress removes the header from all answers.
        const ofIt = { ...observed, headers: { ...observed.headers, ...ofService } };
        const byIt = cell("a", "details", itself.expected, ofIt);
        const unmarked = cell("b", "reviews", { ...ok, markedBy }, answer(200));
        assert.deepEqual(verdicts([byIt, refused, other]), ["same", "same", "same"]);
        assert.deepEqual(verdicts([itself, refused, unmarked]), ["same", "same", "same"]);
        assert.equal(verdicts([cell("a", "details", expected, observed), other])[0], "same");
      }
    }
    assert.deepEqual(verdicts([refused, other, cell("a", "details", ok, answer(200))])[0], "same");
  });
}

test("what marks the answers of one proxy says nothing of another's", () => {
  const itself = cell("a", "details", { ...ok, markedBy: "the sidecar of details" }, answer(200));
  const marked: Answer = { ...answer(200), headers: ofService };
  const other = cell("b", "details", { ...ok, markedBy: "the gateway" }, marked);
  assert.deepEqual(verdicts([itself, other]), ["same", "same"]);
  assert.deepEqual(unmarkedIn([itself, other]), ["the sidecar of details"]);
});

test("a refusal is unproven when the permitted request next to it failed", () => {
  assert.deepEqual(
    verdicts([
      cell("a", "details", ok, answer(503)),
      cell("a", "details", denied, deniedAnswer),
      // Neither another target nor another vantage point can make up for it.
      cell("a", "reviews", ok, answer(200)),
      cell("b", "details", ok, answer(200)),
    ]),
    ["different", "unproven", "same", "same"],
  );
});

const untold: readonly [string, Expected, Observed][] = [
  ["a failure", passedOn(), withHeaders(ofService, 502)],
  ["an answer", passedOn(), answer(200, "<p>no details today")],
  ["a redirect", passedOn(), withHeaders({ location: "/login" }, 302)],
  ["nothing found", passedOn(), answer(404, "not here")],
  ["another refusal", passedOn(), answer(401, "Log in")],
  ["the mesh's words, of either", passedOn(), deniedAnswer],
  ["a refusal of an unusual token, of either", behind(), answer(403, "no")],
  [
    "the mesh's words of a service that asks others",
    { ...answered, passing: { by: "details" } },
    deniedAnswer,
  ],
  [
    "an answer to HEAD of a service that asks others",
    { ...answered, bodiless: true, passing: { by: "details" } },
    withHeaders({ "content-length": "19" }, 403),
  ],
  [
    "the mesh's words of a service that passes them on",
    { ...answered, passing: { by: "details", onRefusal: "unchanged" } },
    deniedAnswer,
  ],
];

for (const [name, expected, observed] of untold) {
  test(`cannot be told apart: ${name}`, () => {
    assert.equal(compare(expected, observed), "cannot be told apart");
    assert.deepEqual(verdicts([cell("a", "details", expected, observed)]), [
      "cannot be told apart",
    ]);
  });
}

test("the mesh's words are a difference where a service says that it has words of its own, or its sidecar tells", () => {
  for (const more of [
    { passing: { by: "details", onRefusal: "same status" } },
    { passing: { by: "details" }, atSidecar: true },
  ] as const)
    assert.equal(compare({ ...answered, ...more }, deniedAnswer), "different");
});

test("what no service answers is a difference, also where nothing is said of refusals", () => {
  for (const observed of [answer(404), answer(503, "no healthy upstream"), resetSeen])
    assert.equal(compare(passedOn(), observed), "different");
});

test("the mesh's words are passed on if the first service has received the request", () => {
  const receivedBy = ["details"];
  const words = cell("a", "details", passedOn(), deniedAnswer);
  const own = cell("a", "details", ok, answer(200));
  assert.deepEqual(verdicts([own, { ...words, receivedBy }]), ["same", "same"]);
  const detour = cell("a", "details", answered, deniedAnswer);
  assert.deepEqual(verdicts([{ ...detour, receivedBy }, detour]), ["same", "different"]);
});

test("a refusal is different where a service has received the request, unless it is passed on", () => {
  const receivedBy = ["orders"];
  const cells = [
    cell("a", "details", ok, answer(200)),
    { ...cell("a", "details", denied, deniedAnswer), receivedBy },
    { ...cell("a", "details", reset, resetSeen), receivedBy },
    { ...cell("a", "details", denied, deniedAnswer), receivedBy: [] },
    { ...cell("a", "details", passedOn(), answer(403, '{"error":"Sorry"}')), receivedBy },
    { ...cell("a", "details", ok, answer(200)), receivedBy },
  ];
  assert.deepEqual(verdicts(cells), ["same", "different", "different", "same", "same", "same"]);
  assert.deepEqual(cells.map(isReceivedAnyway), [false, true, true, false, false, false]);
  // What differs already is not refused.
  assert.ok(!isReceivedAnyway({ ...cell("a", "details", denied, answer(200)), receivedBy }));
});

test("where nobody may call, the target has to answer its permitted caller elsewhere", () => {
  const refused = cell("stranger", "details", denied, deniedAnswer);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, answer(200))]), ["same", "same"]);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, { error: "ECONNREFUSED" })]), [
    "unproven",
    "different",
  ]);
  assert.deepEqual(verdicts([refused, cell("a", "reviews", ok, answer(200))]), [
    "unproven",
    "same",
  ]);
  assert.deepEqual(verdicts([refused]), ["unproven"]);
});

test("a reset counts only where the same target answered its permitted caller", () => {
  const refused = cell("outside", "details", reset, resetSeen);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, answer(200))]), ["same", "same"]);
  assert.deepEqual(verdicts([refused, cell("a", "reviews", ok, answer(200))]), [
    "unproven",
    "same",
  ]);
  assert.deepEqual(verdicts([refused, cell("a", "details", ok, resetSeen)]), [
    "unproven",
    "different",
  ]);
});

test("where nobody may call one target, the vantage point's other permitted requests count too", () => {
  const refused = cell("a", "ratings", denied, deniedAnswer);
  const elsewhere = cell("b", "ratings", ok, answer(200));
  assert.deepEqual(verdicts([refused, elsewhere, cell("a", "details", ok, answer(200))]), [
    "same",
    "same",
    "same",
  ]);
  assert.deepEqual(verdicts([refused, elsewhere, cell("a", "details", ok, answer(500))]), [
    "unproven",
    "same",
    "different",
  ]);
});

test("a cell without a token is not tried, and is no control", () => {
  assert.deepEqual(
    verdicts([cell("a", "details", ok, undefined), cell("a", "details", denied, deniedAnswer)]),
    ["not tried", "unproven"],
  );
});

test("a refusal may have another target's permitted request as its control", () => {
  const refused = { ...cell("a", "/login", noRoute, answer(404)), control: "/productpage" };
  assert.deepEqual(verdicts([refused, cell("a", "/productpage", ok, answer(200))]), [
    "same",
    "same",
  ]);
  assert.deepEqual(verdicts([refused, cell("a", "/productpage", ok, answer(503))]), [
    "unproven",
    "different",
  ]);
  // Its own name is no control then.
  assert.deepEqual(verdicts([refused, cell("a", "/login", ok, answer(200))]), ["unproven", "same"]);
});

test("an answer of the service's own is a control too, and needs none", () => {
  const posted = cell("a", "POST details", answered, answer(405));
  const refused = cell("a", "POST details", denied, deniedAnswer);
  assert.deepEqual(verdicts([posted, refused]), ["same", "same"]);
  const failed = cell("a", "POST details", answered, answer(500));
  assert.deepEqual(verdicts([failed, refused]), ["different", "unproven"]);
});

test("outcomes in words", () => {
  assert.equal(describeExpected(ok), "200");
  assert.equal(describeExpected(withStars(true)), "200 with stars");
  assert.equal(describeExpected(withStars(false)), "200 without stars");
  assert.equal(describeExpected(reset), "a connection reset");
  assert.equal(describeExpected(denied), "403 RBAC: access denied");
  assert.equal(
    describeExpected({ status: 401, refusal: "no key for it" }),
    "401 Jwks doesn't have key to match kid or alg from Jwt or Jwt verification fails or Jwt ED25519 signature is wrong length",
  );
  assert.equal(
    describeExpected({ status: 403, refusal: "passed on" }),
    "403 passed on by the first service",
  );
  assert.equal(describeExpected(answered), "an answer of the service's own");
  assert.equal(describeExpected(noRoute), "404");
  assert.equal(
    describeExpected({ ...granted, byGateway: true }),
    "200 of the gateway's own, access-control-allow-origin: https://app.example",
  );
  assert.equal(
    describeExpected({ ...denied, grants: {} }),
    "403 RBAC: access denied, no access-control-allow-origin",
  );
  const passedOn = withHeaders({
    "access-control-allow-origin": "*",
    "x-envoy-upstream-service-time": "1",
  });
  assert.equal(
    describeObserved(passedOn, { byGateway: true }),
    "200 of a service, access-control-allow-origin: *",
  );
  const marked = { markedBy: "the gateway" };
  assert.equal(
    describeObserved(answer(429, "slow"), marked),
    "429 slow without x-envoy-upstream-service-time",
  );
  assert.equal(describeObserved(deniedAnswer, marked), "403 RBAC: access denied");
  assert.equal(describeObserved(passedOn), "200, access-control-allow-origin: *");
  assert.equal(describeExpected(localOnly), "403 Only requests from localhost are allowed");
  assert.equal(
    describeObserved(answer(503, "\n upstream\u001b[31m error\nmore")),
    "503 upstream [31m error",
  );
  assert.equal(describeObserved(answer(200)), "200");
  assert.equal(describeObserved(bytesSeen), "an answer of 7 bytes");
  assert.equal(
    describeObserved({ ...deniedAnswer, headers: { "grpc-status": "7" } }),
    "403 RBAC: access denied, grpc-status: 7",
  );
  assert.equal(describeObserved({ error: "ETIMEDOUT" }), "no answer (ETIMEDOUT)");
});

test("a challenge is compared as a whole, and said with what came", () => {
  const expected = { status: 401, refusal: "no token", challenge: 'Bearer realm="a"' } as const;
  const answer = (headers: Record<string, string>) => ({
    status: 401,
    headers,
    body: "Unauthorized",
  });
  const [same, other, none] = [
    answer({ "www-authenticate": 'Bearer realm="a"' }),
    answer({ "www-authenticate": 'Bearer realm="b"' }),
    answer({}),
  ];
  assert.deepEqual(
    [same, other, none].map((observed) => matches(expected, observed)),
    [true, false, false],
  );
  assert.equal(
    describeObserved(other, expected),
    '401 Unauthorized, www-authenticate: Bearer realm="b"',
  );
  assert.equal(describeObserved(none, expected), "401 Unauthorized, no www-authenticate");
});
