/**
 * A caller holds a valid token, an anonymous request tells whether policies count, and a missing caller is an error.
 */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { callers } from "../../../../../commands/bench/inside/callers";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import { httpClient } from "../../../../../lib/http";
import { authentication, routing, viewers } from "../../verify/support/stack";

describe("callers", () => {
  const asked: string[] = [];
  const tenant = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(`${request.url ?? ""} ${body}`);
      const [status, answer] = body.includes("refused") ? [403, {}] : [200, { access_token: "T" }];
      response.writeHead(status).end(JSON.stringify(answer));
    });
  });
  let outputs: StackOutputs;

  before(async () => {
    await new Promise<void>((resolve) => tenant.listen(0, "127.0.0.1", resolve));
    const { port } = tenant.address() as AddressInfo;
    outputs = {
      gatewayUrl: "http://localhost:8080",
      issuer: `http://127.0.0.1:${port}/`,
      jwksUri: "",
      audience: "books",
      permissionsClaim: ["permissions"],
      authentication,
      clientIds: { machines: { catalogue: "catalogue-id" } },
      clientSecrets: { machines: { catalogue: "secret" } },
      userPasswords: {},
      kubeconfig: "-",
      viewers,
      routing,
      accepted: [],
    };
  });

  after(() => tenant.close());

  it("sends a machine's token, and knows by nobody's request whether policies count", async () => {
    const { headers, namespaces, signs } = await callers.token(outputs, httpClient());
    assert.deepEqual(asked, [
      "/oauth/token grant_type=client_credentials&client_id=catalogue-id&client_secret=secret&audience=books",
    ]);
    assert.deepEqual(headers, { authorization: "Bearer T" });
    assert.deepEqual(namespaces, ["bookinfo"]);
    assert.deepEqual(signs, {
      on: [
        { status: 403, headers: {}, setsCookie: false },
        { status: 200, headers, setsCookie: false },
      ],
      off: [{ status: 200, headers: {}, setsCookie: false }],
    });
  });

  it("says why there is no caller for the request", async () => {
    const refused = { ...outputs, audience: "refused" };
    await assert.rejects(
      callers.token(refused, httpClient()),
      /^UserError: the tenant refused a token: 403$/,
    );
    const nobody = { ...outputs, viewers: { users: [], machines: [] } };
    await assert.rejects(
      callers.token(nobody, httpClient()),
      /^UserError: no machine may read details$/,
    );
    await assert.rejects(
      callers.session(nobody, httpClient()),
      /^UserError: no user may read details$/,
    );
    await assert.rejects(
      callers.session(outputs, httpClient()),
      /users do not sign in through this stack \(login\.at\)/,
    );
  });
});
