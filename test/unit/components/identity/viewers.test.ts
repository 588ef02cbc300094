/** The viewers are the configured users and machines, with the scopes of their tokens, and no id or secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { configuredViewers } from "../../../../components/identity/viewers";

const secret = () => pulumi.secret("s3cret");
const users = [{ email: "ada@books.example", roles: ["user" as const] }];

test("an Auth0 tenant's users and machines: their tokens need no scope", () => {
  const viewers = configuredViewers({
    kind: "auth0",
    domain: "tenant.example",
    clientId: "management",
    clientSecret: secret(),
    audience: "books",
    users: users.map((user) => ({ ...user, name: "Ada" })),
    machines: [{ name: "reporting", permissions: ["read:book-details"] }],
  });
  assert.deepEqual(viewers, {
    users,
    machines: [{ name: "reporting", permissions: ["read:book-details"] }],
  });
});

test("a provider's: what its tokens are asked for with, and no id or secret", () => {
  const machine = {
    permissions: ["read:book-details" as const],
    clientId: "m",
    clientSecret: secret(),
  };
  const viewers = configuredViewers({
    kind: "oidc",
    issuer: "https://tenant.example",
    jwksUri: "https://tenant.example/keys",
    audience: "books",
    permissionsClaim: ["scp"],
    client: { id: "web", secret: secret(), scopes: ["openid", "api://books/read"] },
    users: users.map((user) => ({ ...user, password: secret() })),
    machines: [
      { ...machine, name: "reporting", scopes: ["api://books/.default"] },
      { ...machine, name: "catalogue", scopes: [] },
    ],
  });
  assert.deepEqual(viewers, {
    users,
    machines: [
      { name: "reporting", permissions: ["read:book-details"], scopes: ["api://books/.default"] },
      { name: "catalogue", permissions: ["read:book-details"] },
    ],
    scopes: ["openid", "api://books/read"],
  });
});
