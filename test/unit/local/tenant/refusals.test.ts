/** The Management API refuses invalid, duplicate and dangling input with Auth0's errors, and changes nothing. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { audience, type Bookinfo, onApi, password, startBookinfo } from "./bookinfo";
import { answerOf, property, refused, text } from "./support";

describe("the Management API refuses", () => {
  let bookinfo: Bookinfo;
  before(async () => {
    bookinfo = await startBookinfo();
  });
  after(() => bookinfo.tenant.stop());

  test("what does not fit the schema is refused in Auth0's words", async () => {
    const { tenant } = bookinfo;
    const post = (path: string, body: unknown) => tenant.call("POST", path, body);
    const message = (what: string) => `Payload validation error: ${what}.`;
    const cases: readonly (readonly [string, unknown, string | undefined])[] = [
      ["/roles", {}, message("'Missing required property: name'")],
      ["/roles", undefined, message("'Invalid input: expected object, received undefined'")],
      ["/roles", { name: "x", nmae: 1 }, message("'Additional properties not allowed: nmae'")],
      [
        "/roles",
        { name: 1 },
        message("'Invalid input: expected string, received number' on property name"),
      ],
      ["/users", { connection: "bookinfo-users" }, message("'Missing required property: email'")],
      ["/users", { connection: "bookinfo-users", email: "x", password }, undefined],
      ["/clients", { name: "x", app_type: "toaster" }, undefined],
      ["/clients", { name: "x", callbacks: ["not a url"] }, undefined],
      ["/clients", { name: "x", jwt_configuration: { alg: "HS256" } }, undefined],
      ["/connections", { name: "not a name", strategy: "auth0" }, undefined],
      ["/connections", { name: "x", strategy: "google-oauth2" }, undefined],
      [
        "/connections",
        { name: "x", strategy: "auth0", options: { passwordPolicy: "best" } },
        undefined,
      ],
      ["/resource-servers", { identifier: "x", signing_alg: "HS256" }, undefined],
      [
        "/resource-servers",
        { identifier: "x", scopes: [{ value: "a" }, { value: "a" }] },
        undefined,
      ],
      [
        "/resource-servers",
        { identifier: "x", token_lifetime: 10, token_lifetime_for_web: 11 },
        undefined,
      ],
      [
        "/client-grants",
        { client_id: bookinfo.web.clientId },
        message("'Missing required property: audience'"),
      ],
    ];
    for (const [path, body, expected] of cases)
      refused(await post(path, body), 400, "invalid_body", expected);
    const broken = await fetch(`${tenant.issuer}api/v2/roles`, {
      method: "POST",
      headers: { authorization: `Bearer ${await tenant.managementToken()}` },
      body: "{",
    });
    refused(await answerOf(broken), 400, "invalid_body", "Invalid request payload JSON format");
    assert.equal(
      property((await tenant.call("GET", "/roles?include_totals=true")).body, "total"),
      2,
    );
  });

  test("what exists already is a 409", async () => {
    const { tenant, machine } = bookinfo;
    const user = { connection: "bookinfo-users", email: "USER@bookinfo.example", password };
    const duplicates = [
      ["/users", user, "auth0_idp_error", "The user already exists."],
      [
        "/resource-servers",
        { identifier: audience },
        "resource_server_conflict",
        "A resource server with the specified identifier already exists.",
      ],
      ["/roles", { name: "user" }, "role_conflict", "A role with the same name already exists."],
      [
        "/connections",
        { name: "bookinfo-users", strategy: "auth0" },
        "connection_conflict",
        "A connection with the same name already exists",
      ],
      [
        "/client-grants",
        { client_id: machine.clientId, audience, scope: [] },
        "client_grant_conflict",
        `A grant of "${audience}" for client "${machine.clientId}" already exists.`,
      ],
    ] as const;
    for (const [path, body, errorCode, message] of duplicates)
      refused(await tenant.call("POST", path, body), 409, errorCode, message);
  });

  test("two users with one address at the same moment: one is made", async () => {
    const { tenant } = bookinfo;
    const user = { connection: "bookinfo-users", email: "twice@bookinfo.example", password };
    const answers = await Promise.all([1, 2, 3].map(() => tenant.call("POST", "/users", user)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
    const made = answers.find(({ status }) => status === 201);
    await tenant.call("DELETE", `/users/${encodeURIComponent(text(made?.body, "user_id"))}`);
  });

  test("a password that the connection's policy does not allow is refused, and changed ones too", async () => {
    const { tenant, userIds } = bookinfo;
    const user = { connection: "bookinfo-users", email: "weak@bookinfo.example" };
    const message = "PasswordStrengthError: Password is too weak";
    const weak = { password: "onlyletters" };
    refused(
      await tenant.call("POST", "/users", { ...user, ...weak }),
      400,
      "auth0_idp_error",
      message,
    );
    const path = `/users/${encodeURIComponent(userIds.user)}`;
    refused(await tenant.call("PATCH", path, weak), 400, "auth0_idp_error", message);
  });

  test("what names something that is not there is refused, and changes nothing", async () => {
    const { tenant, roleIds, userIds, connectionId, machine } = bookinfo;
    const user = `/users/${encodeURIComponent(userIds.user)}`;
    refused(
      await tenant.call("POST", `${user}/roles`, { roles: [roleIds.moderator, "rol_x"] }),
      404,
      "inexistent_role",
    );
    assert.equal(
      property((await tenant.call("GET", `${user}/roles?include_totals=true`)).body, "total"),
      1,
    );
    refused(
      await tenant.call("POST", `/users/x/roles`, { roles: [roleIds.user] }),
      404,
      "inexistent_user",
    );
    const permissions = [onApi("read:nothing")];
    refused(
      await tenant.call("POST", `/roles/${roleIds.user}/permissions`, { permissions }),
      400,
      "invalid_body",
    );
    refused(
      await tenant.call("PATCH", `/connections/${connectionId}/clients`, [
        { client_id: "x", status: true },
      ]),
      404,
      "inexistent_client",
    );
    refused(
      await tenant.call("POST", "/users", { connection: "x", email: "a@b.example", password }),
      404,
      "inexistent_connection",
    );
    const grant = { client_id: machine.clientId, audience: "https://x.example", scope: [] };
    refused(await tenant.call("POST", "/client-grants", grant), 404, "inexistent_resource_server");
    const foreign = { client_id: bookinfo.web.clientId, audience, scope: ["read:nothing"] };
    refused(await tenant.call("POST", "/client-grants", foreign), 400, "invalid_scope");
  });

  test("the system API can be neither changed nor deleted", async () => {
    const { tenant } = bookinfo;
    const path = `/resource-servers/${encodeURIComponent(`${tenant.issuer}api/v2/`)}`;
    refused(await tenant.call("DELETE", path), 403, "operation_not_supported");
    refused(await tenant.call("PATCH", path, { scopes: [] }), 403, "operation_not_supported");
    assert.equal((await tenant.call("GET", path)).status, 200);
  });
});
