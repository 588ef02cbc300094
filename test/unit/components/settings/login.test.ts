/** The settings of a login get their defaults, and a wrong place, image or time and a missing client are refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { loginSettings } from "../../../../components/settings";

const client = { id: "bookinfo", secret: "s" };

/** What is said about a login, with all other settings as they should be. */
function problems(login: unknown, provider: object = { client }): string[] {
  return settingsProblems(bookinfo, {
    cluster: { kind: "kind" },
    identity: {
      kind: "oidc",
      issuer: "https://tenant.example",
      jwksUri: "https://tenant.example/keys",
      audience: "books",
      ...provider,
    },
    gateway: { url: "http://localhost:8080" },
    login,
  });
}

test("a login at the gateway needs no more than that word", () => {
  assert.deepEqual(loginSettings.parse({ at: "gateway" }), {
    at: "gateway",
    required: false,
    sessions: "redis",
    lifetime: "12h",
    refresh: "4m",
    image: "quay.io/oauth2-proxy/oauth2-proxy:v7.15.6",
    redisImage: "docker.io/library/redis:8.8.3",
  });
});

const image = "expected an image with its registry and a full version tag, such as";
const time = "expected a number of seconds, minutes or hours, such as";

for (const [what, login, expected] of [
  ["none", undefined, []],
  ["none that is said", { at: "none" }, []],
  ["one in the application", { at: "application", image: "localhost:5000/page:1.0.0" }, []],
  [
    "one with an image's digest",
    { at: "gateway", image: `a/b:1.2.3@sha256:${"0".repeat(64)}` },
    [],
  ],
  [
    "one without a place",
    {},
    ['login.at: found nothing, expected one of "none", "gateway", "application"'],
  ],
  [
    "one at a place that is none",
    { at: "door" },
    ['login.at: found "door", expected one of "none", "gateway", "application"'],
  ],
  [
    "a word",
    "gateway",
    [
      'login: found a string (not shown), expected an object whose at is one of "none", "gateway", "application"',
    ],
  ],
  [
    "an application that is not named",
    { at: "application" },
    [`login.image: found nothing, ${image} registry.example.com/web:1.0.0`],
  ],
  [
    "a moving tag",
    { at: "gateway", image: "quay.io/oauth2-proxy/oauth2-proxy:latest" },
    [
      `login.image: found "quay.io/oauth2-proxy/oauth2-proxy:latest", ${image} quay.io/oauth2-proxy/oauth2-proxy:v7.15.6`,
    ],
  ],
  [
    "sessions elsewhere",
    { at: "gateway", sessions: "memory" },
    ['login.sessions: found "memory", expected one of "redis", "cookie"'],
  ],
  [
    "a time without a unit",
    { at: "gateway", refresh: "90" },
    [`login.refresh: found "90", ${time} "4m"`],
  ],
  [
    "a refresh that never comes",
    { at: "gateway", lifetime: "60s", refresh: "1m" },
    ['login.refresh: found "1m", expected a shorter time than login.lifetime, 60s'],
  ],
  [
    "a setting of the other kind",
    { at: "application", image: "a/b:1.0.0", required: true },
    ["login.required: found an unknown key, expected one of at, image"],
  ],
] as const satisfies readonly (readonly [string, unknown, readonly string[]])[]) {
  test(`a login: ${what}`, () => {
    assert.deepEqual(problems(login), expected);
  });
}

for (const at of ["gateway", "application"]) {
  test(`a login at ${at} takes a client of the provider, and says so`, () => {
    assert.deepEqual(problems({ at, image: "localhost/page:1.0.0" }, {}), [
      `identity.client: found nothing, expected the provider's client that people sign in with, as login.at is "${at}"`,
    ]);
  });
}

test("a sign-in requests openid in any case", () => {
  assert.deepEqual(problems({ at: "none" }, { client: { ...client, scopes: ["email"] } }), [
    "identity.client.scopes: found a list, expected a list with openid",
  ]);
});
