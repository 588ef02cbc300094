/** The tenant refuses requests for other hosts, and its Management API refuses those without a token of its own. */
import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, describe, test } from "node:test";

import { TestTenant, type Answer } from "./support";

describe("the tenant answers for its own names only", () => {
  let tenant: TestTenant;
  before(async () => {
    tenant = await TestTenant.start();
  });
  after(() => tenant.stop());

  /** Asks for a path with this Host header, at any address. */
  const ask = (host: string, path: string) =>
    new Promise<Answer>((resolve, reject) => {
      request(
        new URL(path, tenant.issuer),
        { headers: { host }, servername: "localhost" },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (data: string) => (text += data));
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown });
          });
        },
      )
        .on("error", reject)
        .end();
    });

  for (const path of ["/.well-known/openid-configuration", "/api/v2/clients", "/nowhere"]) {
    test(`another name is refused at ${path}`, async () => {
      const port = tenant.domain.split(":")[1] ?? "";
      for (const host of ["rebound.example", `rebound.example:${port}`, "localhost:1"]) {
        assert.deepEqual(await ask(host, path), {
          status: 421,
          body: {
            error: "misdirected_request",
            error_description: `This is ${tenant.domain} and 127.0.0.1:${port}, and requests for another host are not answered.`,
          },
        });
      }
    });
  }

  test("its own name is answered in any case, and every URL has one spelling", async () => {
    const answer = await ask(
      tenant.domain.toUpperCase(),
      new URL(".well-known/openid-configuration", tenant.issuer).pathname,
    );
    assert.equal(answer.status, 200);
    assert.partialDeepStrictEqual(answer.body, {
      issuer: tenant.issuer,
      token_endpoint: `${tenant.issuer}oauth/token`,
    });
  });

  test("without a token, or with a wrong one, the Management API answers 401", async () => {
    for (const token of ["", "wrong", await foreignToken()]) {
      const { status } = await tenant.call("GET", "/clients", undefined, token);
      assert.equal(status, 401);
    }
  });

  /** A token of another tenant: genuine there, and for the same purpose. */
  async function foreignToken(): Promise<string> {
    const other = await TestTenant.start();
    const token = await other.managementToken();
    await other.stop();
    return token;
  }
});
