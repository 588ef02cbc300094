/** Authentication is accepted only where some client can be let in and no issuer can be taken for another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { oldestIstio } from "../../../../components/mesh/advisories";
import { settingsSchema } from "../../../../components/settings";

const client = { id: "bookinfo", secret: "s" };
const issuer = "https://tenant.example";
const other = { issuer: "https://other.example/", jwksUri: "https://other.example/keys" };
const further = { ...other, audience: "books", clients: "any" };

/** A stack's settings with these, and all others as they should be. */
function settings(authentication: unknown, identity: object = { client }) {
  return {
    cluster: { kind: "kind" },
    identity: {
      kind: "oidc",
      issuer,
      jwksUri: `${issuer}/keys`,
      audience: "books",
      ...identity,
    },
    gateway: { url: "http://localhost:8080" },
    ...(authentication !== undefined && { authentication }),
  };
}

const problems = (authentication: unknown, identity?: object) =>
  settingsProblems(bookinfo, settings(authentication, identity));

test("without a word tokens are checked at every service, and those of the listed clients count", () => {
  assert.deepEqual(settingsSchema(bookinfo).parse(settings(undefined)).authentication, {
    at: "namespace",
    required: false,
    clients: "listed",
    issuers: [],
  });
});

test("a further issuer's permissions are in the claim permissions, unless it is said", () => {
  const { authentication } = settingsSchema(bookinfo).parse(
    settings({
      issuers: [further, { ...further, issuer: "https://c.example", permissionsClaim: ["a", "b"] }],
    }),
  );
  assert.deepEqual(
    authentication.issuers.map(({ permissionsClaim }) => permissionsClaim),
    [["permissions"], ["a", "b"]],
  );
});

test("the permissions may be words of one text, where the claim is not within another one", () => {
  const nested = { permissionsClaim: ["a", "b"], spaceDelimited: true };
  const words = { permissionsClaim: "scp", spaceDelimited: true };
  assert.deepEqual(problems({ issuers: [{ ...further, ...words }] }, { client, ...words }), []);
  const expected =
    "found true, expected false or nothing, as permissionsClaim is nested: Istio separates the words of outer claims only";
  assert.deepEqual(
    problems(
      { issuers: [further, { ...other, ...further, issuer: "https://c.example", ...nested }] },
      { client, ...nested },
    ),
    [
      `identity.spaceDelimited: ${expected}`,
      `authentication.issuers[1].spaceDelimited: ${expected}`,
    ],
  );
  assert.deepEqual(problems({}, { client, permissionsClaim: "scp", spaceDelimited: "yes" }), [
    'identity.spaceDelimited: found the text "yes", expected true or false',
  ]);
});

test("every Istio that is accepted separates the words of any claim: 1.28 and newer do", () => {
  const [major = 0, minor = 0] = oldestIstio.split(".").map(Number);
  assert.deepEqual([major, minor >= 28], [1, true]);
});

const ids = 'expected a list of client ids, or "any"';

for (const [what, authentication, expected] of [
  ["every place", { at: "workload" }, []],
  ["a token required at the gateway", { at: "gateway", required: true }, []],
  ["a further issuer with its clients", { issuers: [{ ...further, clients: ["app"] }] }, []],
  [
    "a place that is none",
    { at: "door" },
    ['authentication.at: found "door", expected one of "namespace", "workload", "gateway"'],
  ],
  [
    "a token required at services",
    { required: true },
    [
      'authentication.required: found true, expected false, or authentication.at "gateway" instead of "namespace"',
    ],
  ],
  [
    "a token required at some services",
    { at: "workload", required: true },
    [
      'authentication.required: found true, expected false, or authentication.at "gateway" instead of "workload"',
    ],
  ],
  [
    "other clients",
    { clients: "some" },
    ['authentication.clients: found "some", expected one of "listed", "any"'],
  ],
  [
    "a further issuer that does not say whose tokens count",
    { issuers: [{ ...other, audience: "books" }] },
    [`authentication.issuers[0].clients: found nothing, ${ids}`],
  ],
  [
    "a further issuer with no client's tokens",
    { issuers: [{ ...further, clients: [] }] },
    [`authentication.issuers[0].clients: found an empty list, ${ids}`],
  ],
  [
    "the provider's own issuer once more",
    { issuers: [{ ...further, issuer }] },
    [
      `authentication.issuers[0].issuer: found "${issuer}", expected another issuer than identity's`,
    ],
  ],
  [
    "one issuer twice",
    { issuers: [further, further] },
    [
      `authentication.issuers[1].issuer: found "${other.issuer}", expected an issuer that no other entry has`,
    ],
  ],
  [
    "an issuer below the provider's own",
    { issuers: [{ ...further, issuer: `${issuer}/realms/other` }] },
    [
      `authentication.issuers[0].issuer: found "${issuer}/realms/other", expected one that cannot be taken for ${issuer}: neither, with a slash, begins the other`,
    ],
  ],
  [
    "an issuer above another entry's",
    {
      issuers: [
        { ...further, issuer: "https://other.example/realms/a" },
        { ...further, issuer: "https://other.example" },
      ],
    },
    [
      'authentication.issuers[1].issuer: found "https://other.example", expected one that cannot be taken for https://other.example/realms/a: neither, with a slash, begins the other',
    ],
  ],
  [
    "issuers side by side",
    {
      issuers: [
        { ...further, issuer: "https://other.example/realms/a" },
        { ...further, issuer: "https://other.example/realms/ab" },
        { ...further, issuer: "https://other.example/" },
      ],
    },
    [],
  ],
  [
    "an issuer without encryption",
    { issuers: [{ ...further, issuer: "http://other.example" }] },
    [
      'authentication.issuers[0].issuer: found "http://other.example", expected an https URL without user name, query and fragment',
    ],
  ],
] as const) {
  test(`${what}: ${expected.length === 0 ? "fine" : "refused"}`, () => {
    assert.deepEqual(problems(authentication), expected);
  });
}

for (const at of ["gateway", "namespace"]) {
  test(`a token required at the ${at} contradicts a login in the application`, () => {
    const login = { at: "application", image: "localhost/productpage:1.0.0" };
    assert.deepEqual(settingsProblems(bookinfo, { ...settings({ at, required: true }), login }), [
      'authentication.required: found true, expected false, as login.at is "application": browsers bring the gateway no token',
    ]);
    assert.deepEqual(settingsProblems(bookinfo, { ...settings({ at }), login }), []);
  });
}

test("a tenant's own issuer is its domain's, or its custom domain's where it has one", () => {
  const tenant = { kind: "auth0", domain: "t.example", clientId: "c", clientSecret: "s" };
  const custom = { ...tenant, customDomain: "login.example" };
  const found = (identity: object, named: string) => {
    const issuers = [{ ...further, issuer: named }];
    return settingsProblems(bookinfo, { ...settings({ issuers }), identity });
  };
  const refusal = (named: string) => [
    `authentication.issuers[0].issuer: found "${named}", expected another issuer than identity's`,
  ];
  assert.deepEqual(found(tenant, "https://t.example/"), refusal("https://t.example/"));
  assert.deepEqual(found(custom, "https://login.example/"), refusal("https://login.example/"));
  // Tokens that are asked for at the tenant's own domain are of another issuer then.
  assert.deepEqual(found(custom, "https://t.example/"), []);
});

test("where identity lists no client, no token would count: any client's have to", () => {
  const nobody = '"any", as identity lists no client: it has neither client nor machines';
  assert.deepEqual(problems(undefined, {}), [
    `authentication.clients: found nothing, expected ${nobody}`,
  ]);
  assert.deepEqual(problems({ clients: "listed" }, {}), [
    `authentication.clients: found "listed", expected ${nobody}`,
  ]);
  assert.deepEqual(problems({ clients: "any" }, {}), []);
  const machine = { name: "m", permissions: [], clientId: "m", clientSecret: "s" };
  assert.deepEqual(problems(undefined, { machines: [machine] }), []);
});
