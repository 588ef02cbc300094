/** The Management API counts requests by the second, says how many are left, and refuses the rest as Auth0 does. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { TestTenant } from "./support";

interface Limited {
  readonly status: number;
  readonly body: unknown;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds since 1970. */
  readonly reset: number;
}

async function ask(tenant: TestTenant, token: string): Promise<Limited> {
  const response = await fetch(`${tenant.issuer}api/v2/roles`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const header = (name: string) => Number(response.headers.get(`x-ratelimit-${name}`) ?? NaN);
  return {
    status: response.status,
    body: await response.json(),
    limit: header("limit"),
    remaining: header("remaining"),
    reset: header("reset"),
  };
}

async function start(t: TestContext, requestsPerSecond?: number): Promise<TestTenant> {
  const tenant = await TestTenant.start(
    requestsPerSecond === undefined ? {} : { requestsPerSecond },
  );
  t.after(() => tenant.stop());
  return tenant;
}

test("every answer of the Management API says how many requests are left, and until when", async (t) => {
  const tenant = await start(t);
  const before = Math.floor(Date.now() / 1000);
  const { status, limit, remaining, reset } = await ask(tenant, await tenant.managementToken());
  assert.deepEqual({ status, limit, remaining }, { status: 200, limit: 1000, remaining: 999 });
  assert.ok(reset > before && reset <= Math.floor(Date.now() / 1000) + 1, `reset ${reset}`);
});

test("more requests than a second has are refused as Auth0 refuses them, and later answered", async (t) => {
  const tenant = await start(t, 2);
  const token = await tenant.managementToken();
  // A request without a token does not count.
  for (const { status, limit } of await Promise.all([1, 2, 3, 4].map(() => ask(tenant, "none"))))
    assert.deepEqual([status, limit], [401, NaN]);
  const answers = await Promise.all(Array.from({ length: 12 }, () => ask(tenant, token)));
  const answered = answers.filter(({ status }) => status === 200);
  const refusals = answers.filter(({ status }) => status !== 200);
  assert.ok(answered.length >= 2 && refusals.length > 0, `${answered.length} of 12 answered`);
  const seconds = new Set(answered.map(({ reset }) => reset));
  assert.ok(answered.length <= 2 * seconds.size, "more than two in a second");
  for (const { status, body, limit, remaining } of refusals) {
    assert.deepEqual({ status, limit, remaining }, { status: 429, limit: 2, remaining: 0 });
    assert.deepEqual(body, {
      statusCode: 429,
      error: "Too Many Requests",
      message: "Global limit has been reached",
      errorCode: "too_many_requests",
    });
  }
});
