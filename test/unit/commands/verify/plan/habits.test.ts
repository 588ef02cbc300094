/**
 * The plan for services that are not like the examples': a site with all paths, a service that takes only POST, paths
 * of one segment and of many, a query, a front that needs a token.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application } from "../../../../../components/application";
import { serviceAt } from "../../../../../components/application";
import { comparedPath } from "../../../../../commands/explain/matching";
import { judge } from "../../../../../commands/verify/judge";
import { alikeFor } from "../../../../../commands/verify/plan/alike";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import { refusals } from "../../../../../commands/verify/plan/expectations";
import type { Target } from "../../../../../commands/verify/plan/target";
import type { Observed } from "../../../../../commands/verify/probes/observed";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import { attackingViewer, type Viewer } from "../../../../../commands/verify/plan/viewers";
import { application as others } from "../../../../others/application";
import { authentication } from "../support/stack";

const place = { port: 80, serviceAccount: "any" };
const gateway = "gateway";

function tableOf(
  services: Application["services"],
  requests: Application["requests"],
): Application {
  return {
    name: "others",
    title: "Others",
    namespace: "others",
    people: false,
    audience: "https://others.example",
    home: "/",
    permissions: { pay: "Pay", read: "Read" },
    roles: {},
    services,
    requests,
  };
}

const payment = {
  request: "POST /payments?dry=1",
  headers: { "content-type": "application/json" },
  body: '{"amount":1}',
  answers: [201, 409],
} as const;

/** A site at every path, and what is behind it. */
const site = tableOf(
  {
    site: {
      ...place,
      callers: [gateway],
      requires: "public",
      path: "/",
      routes: [{ prefix: "/" }],
    },
    payments: {
      ...place,
      callers: ["site"],
      operations: { "POST /payments": "pay" },
      proof: payment,
    },
    files: { ...place, callers: ["site"], requires: "read", path: "/a/b/c/" },
  },
  [
    { name: "site", path: "/", through: ["site"] },
    {
      name: "paid",
      path: "/pay?once=1",
      through: ["site", "payments"],
      onRefusal: { status: 200, body: "not paid" },
    },
  ],
);

/** Nothing is public, the first request's path has many segments, and it is a POST. */
const closed = tableOf(
  {
    payments: {
      ...place,
      callers: [gateway],
      requires: "pay",
      proof: { ...payment, request: "POST /v1/eu/payments/" },
      routes: [{ prefix: "/v1/eu/" }],
    },
    ledger: { ...place, callers: ["payments"], requires: "read", path: "/ledger" },
  },
  [
    {
      name: "paid",
      proof: { ...payment, request: "POST /v1/eu/payments/?dry=1" },
      through: ["payments"],
    },
  ],
);

const whole: Viewer = {
  name: "whole",
  kind: "who",
  credential: { kind: "token", permissions: ["pay", "read", "write"] },
};
const nobody: Viewer = { name: "anonymous", kind: "who", credential: { kind: "none" } };
const odd: Viewer = { ...whole, name: "no expiry", kind: "how" };

const vantagesOf = (application: Application) =>
  vantagePoints(application, "http://localhost:8080", "whole", new Map());
const targetsOf = (application: Application) =>
  vantagesOf(application).flatMap(({ name, targets }) =>
    targets.map((target) => ({ vantage: name, target })),
  );
const stack = {
  authentication,
  issuer: "https://tenant.example/",
  audience: "https://others.example",
};
const cellsOf = (application: Application, viewers: readonly Viewer[] = [nobody, whole, odd]) =>
  planCells(
    application,
    vantagesOf(application),
    viewers,
    new Map(
      viewers.map(({ name }) => [
        name,
        {
          sent: { headers: {}, ...(name === "no expiry" && { query: "access_token=x" }) },
          shown: { headers: {} },
          words: new Map(),
        },
      ]),
    ),
    stack,
  );

const read = (path: string) =>
  comparedPath(path, { pathNormalization: "DECODE_AND_MERGE_SLASHES" });
const isUnrouted = ({ outcome }: Target) => outcome?.always?.refusal === "no route";

const ofService = { "x-envoy-upstream-service-time": "1" };

/** What comes back where all is as the table asks for, from services that mostly say nothing. */
function answerTo({ status, refusal, passing, bodiless, challenge }: Expected): Observed {
  if (refusal === "reset") return { error: "ECONNRESET" };
  if (refusal === "passed on" && passing?.onRefusal === "unchanged")
    return { ...refusals[passing.refusal ?? "access denied"], headers: ofService };
  if (refusal === "passed on")
    return { status: Number(status), headers: ofService, body: "not paid" };
  if (refusal === "sign-in") return assert.fail();
  if (refusal !== undefined)
    return {
      ...refusals[refusal],
      headers: challenge === undefined ? {} : { "www-authenticate": challenge },
      ...(bodiless && { body: "" }),
    };
  assert.ok(passing === undefined || ["site", "front", "orders"].includes(passing.by));
  return { status: status === "answered" ? 404 : Number(status), headers: ofService, body: "" };
}

for (const [name, application] of Object.entries({ site, closed, others })) {
  test(`${name}: what is sent can be sent, and is what the mesh compares`, () => {
    for (const { vantage, target } of targetsOf(application)) {
      const where = `${vantage}, ${target.name}`;
      assert.match(target.path, /^(?:\/|http:\/\/|$)/, where);
      if (target.compared === undefined || isUnrouted(target)) continue;
      assert.equal(read(target.path), target.compared, where);
    }
  });

  test(`${name}: what no route is for leads nowhere`, () => {
    const unrouted = targetsOf(application).filter(({ target }) => isUnrouted(target));
    for (const { target } of unrouted)
      // For another host than its own the gateway has no route at all.
      if (target.headers === undefined && target.path.startsWith("/"))
        assert.equal(serviceAt(application, read(target.path)), undefined, target.path);
  });

  test(`${name}: names are unique, and each control is a target there, or at the gateway`, () => {
    const atGateway = targetsOf(application)
      .filter(({ vantage }) => vantage === "through the gateway")
      .map(({ target }) => target.name);
    for (const { name: vantage, targets } of vantagesOf(application)) {
      const names = targets.map((target) => target.name);
      assert.equal(new Set(names).size, names.length, vantage);
      for (const { control } of targets)
        assert.ok(
          control === undefined || [...names, ...atGateway].includes(control),
          `${vantage}: ${control}`,
        );
    }
  });

  test(`${name}: answered as expected, it is proven: no refusal lacks its control`, () => {
    const judged = judge(
      cellsOf(application).map((cell) => ({ ...cellOf(cell), observed: answerTo(cell.expected) })),
    );
    const others = judged.filter(({ verdict }) => verdict !== "same");
    assert.deepEqual(
      others.map(({ vantage, viewer, target, verdict }) => [vantage, viewer, target, verdict]),
      [],
    );
  });
}

test("a proof is sent as it is written, and its statuses are the permitted ones", () => {
  const cell = cellsOf(site).find(
    ({ vantage, viewer, target }) =>
      vantage.name === "from a pod as site" && viewer === whole && target.name === "payments",
  );
  const { method, path, headers, payload = "" } = cell?.request ?? assert.fail();
  assert.deepEqual([method, path, headers], ["POST", "/payments?dry=1", payment.headers]);
  assert.equal(Buffer.from(payload, "base64").toString(), payment.body);
  assert.deepEqual(cell?.expected, {
    status: 201,
    or: [409],
    atSidecar: true,
    markedBy: "the sidecar of payments",
  });
});

test("a viewer's query comes behind the proof's own", () => {
  const cell = cellsOf(site).find(
    ({ viewer, target }) => viewer === odd && target.name === "payments",
  );
  assert.equal(cell?.request?.path, "/payments?dry=1&access_token=x");
});

test("an unusual token may be answered in any way of the service's own", () => {
  const expected = cellsOf(site)
    .filter(({ viewer, target }) => viewer === odd && target.name === "files")
    .map((cell) => cell.expected);
  assert.deepEqual(expected[0], {
    status: 200,
    orItsOwn: true,
    atSidecar: true,
    markedBy: "the sidecar of files",
  });
});

test("a refusal that is passed on is known by its text, and a permitted answer does not have it", () => {
  const paid = cellsOf(site).filter(({ target }) => target.name === "paid");
  const markedBy = "the gateway";
  const passing = { by: "site", entry: "paid", onRefusal: { status: 200, body: "not paid" } };
  assert.deepEqual(
    paid.map(({ expected }) => expected),
    [
      {
        status: 200,
        refusal: "passed on",
        passing: { ...passing, refusal: "access denied" },
        markedBy,
      },
      { status: 200, passing, markedBy },
      { status: 200, passing, orItsOwn: true, markedBy },
    ],
  );
  assert.deepEqual(
    paid.map(({ request }) => request?.bodyLimit),
    [65_536, 65_536, 65_536],
  );
});

test("what services behind the first are asked for is the request's own where it says so", () => {
  const [through] = cellsOf(others, [
    { ...whole, credential: { kind: "token", permissions: ["read"] } },
  ])
    .filter(({ target }) => target.name === "profile")
    .map(({ expected }) => expected);
  // To order, which is its usual request, needs another permission.
  assert.deepEqual(through, {
    status: 200,
    passing: { by: "front", entry: "profile", onRefusal: "unchanged" },
    markedBy: "the gateway",
  });
});

test("what no proxy marks is not expected to be marked: upgrades, the gateway's own, and what has no proxy", () => {
  const marked = [site, closed, others].flatMap((application) =>
    cellsOf(application).filter(({ expected }) => expected.markedBy !== undefined),
  );
  assert.ok(marked.length > 0);
  for (const { vantage, target, expected } of marked) {
    const where = `${vantage.name}, ${target.name}`;
    assert.match(vantage.name, /through the gateway|as /, where);
    assert.equal(target.headers?.upgrade, undefined, where);
    assert.notEqual(target.protocol, "tcp", where);
    assert.equal(expected.byGateway, undefined, where);
  }
});

test("at the gateway a service is asked for nothing that leads to another one", () => {
  const asked = targetsOf(others).filter(
    ({ vantage, target }) => vantage.endsWith("through the gateway") && target.service === "orders",
  );
  assert.ok(asked.length > 0);
  for (const { target } of asked)
    assert.ok(
      isUnrouted(target) ||
        target.outcome?.always !== undefined ||
        target.way.through[0] !== "orders" ||
        serviceAt(others, target.compared ?? read(target.path)) === "orders",
      target.name,
    );
});

test("a service's own CORS headers are not judged, and the gateway's refusals are", () => {
  const judged = (application: Application) =>
    cellsOf(application)
      .filter(({ vantage }) => vantage.name.startsWith("pages of other origins"))
      .map(({ expected }) => expected.grants !== undefined);
  assert.ok(judged(site).every((isJudged) => isJudged));
  assert.ok(!judged(others).some((isJudged) => isJudged));
});

test("other methods are those that the proof does not have", () => {
  const names = targetsOf(site)
    .filter(({ vantage }) => vantage === "bypass attempts, from a pod as site")
    .map(({ target }) => target)
    .filter(({ service, path }) => service === "payments" && path === "/payments");
  assert.deepEqual(
    names.map(({ method, headers }) => `${method} ${Object.keys(headers ?? {}).length}`),
    ["GET 1", "PUT 1", "PATCH 1", "DELETE 1", "OPTIONS 1", "OPTIONS 3"],
  );
});

test("attacks are tried by who may do everything, or else the most", () => {
  const may = (name: string, ...permissions: string[]): Viewer => ({
    name,
    kind: "who",
    credential: { kind: "token", permissions },
  });
  const session: Viewer = { ...may("session", "pay", "read"), isBrowser: true };
  const [none, some] = [may("none"), may("some", "read")];
  const by = (...viewers: Viewer[]) => attackingViewer(site, [nobody, session, ...viewers])?.name;
  assert.equal(by(none, some, whole), "whole");
  assert.equal(by(none, some), "some");
  assert.equal(by(), undefined);
});

test("requirements that each viewer meets or fails together are told", () => {
  const shop = tableOf(
    {
      a: { ...place, callers: [gateway], requires: "pay", path: "/a" },
      b: {
        ...place,
        callers: [gateway],
        requires: { anyOf: ["read", { allOf: ["pay", "read"] }] },
        path: "/b",
      },
      c: { ...place, callers: [gateway], requires: "public", path: "/c" },
    },
    [{ name: "a", path: "/a", through: ["a"] }],
  );
  assert.deepEqual(alikeFor(shop, [nobody, whole]), [["pay", "read"]]);
  const payer = { credential: { kind: "token", permissions: ["pay"] } } as const;
  assert.deepEqual(alikeFor(shop, [nobody, whole, payer]), []);
});
