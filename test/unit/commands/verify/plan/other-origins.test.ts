/** What verify asks as a page of another origin, and what it expects by the stack's settings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { application as orders } from "../../../../../examples/orders/application";
import type { Application } from "../../../../../components/application";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import type { Cell } from "../../../../../commands/verify/plan/cells";
import { describeExpected } from "../../../../../commands/verify/judge";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import { anonymous, viewersOf } from "../../../../../commands/verify/plan/viewers";
import { authentication as usual } from "../support/stack";

const whole = "moderator@bookinfo.example";
const admin = "admin@orders.example";
const app = "https://app.example:8443";
const cors = {
  origins: [app, "http://localhost:3000"],
  methods: ["GET" as const, "PUT" as const],
  headers: ["authorization", "x-a"],
  exposeHeaders: ["x-total"],
  maxAge: "2m",
};

interface Stack {
  readonly authentication?: Partial<typeof usual>;
  readonly login?: Parameters<typeof viewersOf>[1]["login"];
  readonly cors?: typeof cors & {
    readonly services?: Record<string, { origins?: string[]; exposeHeaders?: string[] }>;
  };
  readonly application?: Application;
}

const vantage = "pages of other origins, through the gateway";

function cells({ application = bookinfo, login, cors: asked, ...changes }: Stack): readonly Cell[] {
  const holder =
    application === bookinfo
      ? { email: whole, roles: ["user", "moderator"] }
      : { email: admin, roles: ["admin"] };
  const stack = {
    issuer: "https://tenant.example/",
    audience: application.audience,
    permissionsClaim: ["permissions"],
    authentication: { ...usual, ...changes.authentication },
    login,
    viewers: {
      users: application.people ? [holder] : [],
      machines: [],
    },
  };
  const url = "http://localhost:8080";
  const vantages = vantagePoints(application, url, holder.email, new Map(), login, asked);
  return planCells(application, vantages, viewersOf(application, stack), new Map(), stack)
    .map(cellOf)
    .filter((cell) => cell.vantage === vantage);
}

/** By target: what is expected, in words. */
const expected = (stack: Stack, viewer: string) =>
  Object.fromEntries(
    cells(stack)
      .filter((cell) => cell.viewer === viewer)
      .map((cell) => [cell.target, describeExpected(cell.expected)]),
  );

const none = ", no access-control-allow-origin";
const exposed = ", access-control-expose-headers: x-total";
const letIn = (origin: string) => `, access-control-allow-origin: ${origin}`;
const own = "200 of the gateway's own";
const told = (origin: string) =>
  `${own}${letIn(origin)}${exposed}, access-control-allow-methods: GET,PUT, access-control-allow-headers: authorization,x-a, access-control-max-age: 120`;
const passedOn = "403 passed on by the first service";
const denied = "403 RBAC: access denied";
const lookalikes = [
  "https://other.invalid",
  "null",
  "https://app.example:8443.other.invalid",
  "https://other-app.example:8443",
  "http://app.example:8443",
  "https://app.example:1",
];
const path = "/api/v1/products/0";
const preflights = (origins: readonly string[], outcome: string) =>
  Object.fromEntries(origins.map((origin) => [`preflight of ${origin}`, outcome]));

test("without the setting a stranger's page is told nothing, and its preflight is a request like any other", () => {
  const ofStranger = (answer: string, preflight: string) => ({
    [`${path} of https://other.invalid`]: `${answer}${none}`,
    "preflight of https://other.invalid": `${preflight}${none}`,
  });
  const answered = "an answer of the service's own";
  assert.deepEqual(expected({}, anonymous), ofStranger(passedOn, answered));
  assert.deepEqual(expected({}, whole), ofStranger("200", answered));
  const required = { authentication: { at: "gateway", required: true } } as const;
  assert.deepEqual(expected(required, anonymous), ofStranger(denied, denied));
  assert.deepEqual(expected(required, whole), ofStranger("200", denied));
});

test("a preflight carries no token: one of a service that asks for a token is refused by it", () => {
  const [first] = orders.requests;
  const service = orders.services[first.through[0]];
  const requires = service?.requires === "public" ? "an answer of the service's own" : denied;
  const found = expected({ application: orders }, anonymous);
  assert.equal(found["preflight of https://other.invalid"], `${requires}${none}`);
});

test("pages of listed origins are told so, and those of any like them are not", () => {
  const outcomes = (real: string) => ({
    [`${path} of https://other.invalid`]: `${real}${none}`,
    [`preflight of ${app}`]: told(app),
    [`${path} of ${app}`]: `${real}${letIn(app)}${exposed}`,
    "preflight of http://localhost:3000": told("http://localhost:3000"),
    [`${path} of http://localhost:3000`]: `${real}${letIn("http://localhost:3000")}${exposed}`,
    ...preflights(lookalikes, `${own}${none}`),
    [`preflight of ${app}, PROPFIND`]: told(app),
    [`preflight of ${app}, for no method`]: `an answer of the service's own${letIn(app)}${exposed}`,
  });
  assert.deepEqual(expected({ cors }, anonymous), outcomes(passedOn));
  assert.deepEqual(expected({ cors }, whole), outcomes("200"));
});

test("where a token is required, listed preflights are answered, and nothing else passes", () => {
  const authentication = { at: "gateway", required: true } as const;
  const refusals = {
    [`${path} of https://other.invalid`]: `${denied}${none}`,
    [`preflight of ${app}`]: told(app),
    [`${path} of ${app}`]: `${denied}${none}`,
    "preflight of http://localhost:3000": told("http://localhost:3000"),
    [`${path} of http://localhost:3000`]: `${denied}${none}`,
    ...preflights(lookalikes, `${denied}${none}`),
    [`preflight of ${app}, PROPFIND`]: `${denied}${none}`,
    [`preflight of ${app}, for no method`]: `${denied}${none}`,
  };
  assert.deepEqual(expected({ cors, authentication }, anonymous), refusals);
  assert.deepEqual(expected({ cors, authentication }, whole), {
    ...refusals,
    [`${path} of https://other.invalid`]: `200${none}`,
    [`${path} of ${app}`]: `200${letIn(app)}${exposed}`,
    [`${path} of http://localhost:3000`]: `200${letIn("http://localhost:3000")}${exposed}`,
    [`preflight of ${app}, for no method`]: `an answer of the service's own${letIn(app)}${exposed}`,
  });
});

test("where a session is required, the login is asked about all but listed preflights", () => {
  const login = { at: "gateway", required: true, sessions: "redis" } as const;
  const noSession = `401 {}${none}`;
  const found = expected({ cors, login }, anonymous);
  assert.deepEqual(found, {
    [`${path} of https://other.invalid`]: noSession,
    [`preflight of ${app}`]: told(app),
    [`${path} of ${app}`]: noSession,
    "preflight of http://localhost:3000": told("http://localhost:3000"),
    [`${path} of http://localhost:3000`]: noSession,
    ...preflights(lookalikes, noSession),
    [`preflight of ${app}, PROPFIND`]: noSession,
    [`preflight of ${app}, for no method`]: `302 to https://tenant.example${none}`,
  });
  // With a token the login is not asked; Envoy reads none in a preflight.
  assert.equal(
    expected({ cors, login }, whole)["preflight of https://other.invalid"],
    `${denied}${none}`,
  );
});

test("a preflight is sent as a browser sends it", () => {
  const [cell] = cells({ cors }).filter(({ target }) => target === `preflight of ${app}`);
  assert.deepEqual(cell?.request, {
    method: "OPTIONS",
    url: "http://localhost:8080/productpage",
    headers: { accept: "*/*", origin: app, "access-control-request-method": "GET" },
  });
});

test("each service with settings of its own is asked by the pages of every listed origin", () => {
  const partner = "https://partner.example";
  const services = {
    customers: { origins: [partner], exposeHeaders: [] },
    catalogue: { origins: [] },
  };
  const asked = { application: orders, cors: { ...cors, origins: [app], services } };
  const found = expected(asked, anonymous);
  const deep = "/orders/0/customer";
  const byGateway =
    ", access-control-allow-methods: GET,PUT, access-control-allow-headers: authorization,x-a, access-control-max-age: 120";
  const told = (origin: string) => `${own}${letIn(origin)}${byGateway}`;
  const ofPages = (path: string) =>
    Object.fromEntries(
      Object.entries(found).filter(([target]) => target.startsWith(`${path} of `)),
    );
  // The longest path is the service's that has the stack's settings.
  assert.deepEqual(Object.keys(ofPages(deep)), [
    `${deep} of https://other.invalid`,
    `${deep} of ${app}`,
    `${deep} of ${partner}`,
  ]);
  const read = expected(asked, admin);
  assert.equal(read[`${deep} of ${app}`], `200${letIn(app)}${exposed}`);
  assert.equal(read[`${deep} of ${partner}`], `200${none}`);
  assert.equal(read[`/customers/0 of ${partner}`], `200${letIn(partner)}`);
  assert.equal(read[`/customers/0 of ${app}`], `200${none}`);
  // A route of the gateway's asks for a token, and Envoy's CORS filter passes over that.
  const refused = '401 Unauthorized, www-authenticate: Bearer realm="https://orders.example/api"';
  assert.deepEqual(ofPages("/customers/0"), {
    "/customers/0 of https://other.invalid": `${refused}${none}`,
    [`/customers/0 of ${app}`]: `${refused}${none}`,
    [`/customers/0 of ${partner}`]: `${refused}${none}`,
  });
  assert.equal(found[`preflight of ${app} for customers`], `${own}${none}`);
  assert.equal(found[`preflight of ${partner} for customers`], told(partner));
  // The public path is of a service that lets no origin in.
  assert.equal(found[`preflight of ${app}`], `${own}${none}`);
  assert.equal(found[`preflight of ${partner}`], `${own}${none}`);
  assert.equal(found["/catalogue of https://other.invalid"], `200${none}`);
  assert.equal(found[`/catalogue of ${app}`], `200${none}`);
  assert.equal(
    Object.keys(found).filter((target) => /^preflight of .* for catalogue$/.test(target)).length,
    0,
  );
});
