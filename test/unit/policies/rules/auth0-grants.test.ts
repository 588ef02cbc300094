/** A grant at Auth0 beyond the access table is reported, by any type of resource, and so is a name used twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auth0Grants } from "../../../../policies/rules/auth0-grants";
import { type Given, judged, notKnown } from "../judged";

const audience = "https://api.example";
const settings = {
  grants: {
    audience,
    permissions: ["read", "write"],
    roles: { reader: ["read"], editor: ["read", "write"] },
    users: { "ada@example.com": ["reader"] },
    clients: { Nightly: ["read"] },
  },
};

const typeOf = (kind: string) =>
  `auth0:index/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`;

/** What grants are made of; in a first preview no id is known. */
const tenant: readonly Given[] = [
  { type: typeOf("ResourceServer"), name: "api", inputs: { identifier: audience } },
  {
    type: typeOf("ResourceServer"),
    name: "other",
    inputs: { identifier: "https://other.example" },
  },
  { type: typeOf("Role"), name: "reader", inputs: { name: "reader" } },
  { type: typeOf("Role"), name: "editor", inputs: { name: "editor" } },
  { type: typeOf("Role"), name: "stranger", inputs: { name: "stranger" } },
  { type: typeOf("User"), name: "ada", inputs: { email: "ada@example.com" } },
  { type: typeOf("User"), name: "eve", inputs: { email: "eve@example.com" } },
  { type: typeOf("Client"), name: "nightly", inputs: { name: "Nightly" } },
  { type: typeOf("Client"), name: "web", inputs: { name: "constructor" } },
];

const toReader = { roleId: ["Role reader"] };
const toEditor = { roleId: ["Role editor"] };
const toAda = { userId: ["User ada"] };
const toNightly = { clientId: ["Client nightly"] };

const of = (...names: readonly string[]) =>
  names.map((name) => ({ name, resourceServerIdentifier: audience }));

type Case = readonly [
  kind: string,
  inputs: Readonly<Record<string, unknown>>,
  references?: Given["references"],
];

async function reported([kind, inputs, references]: Case, configured: object = settings) {
  const subject = { type: typeOf(kind), name: "subject", inputs, references };
  const violations = await judged(auth0Grants, [...tenant, subject], { ...configured });
  return violations.map(({ where, resource, ...violation }) => {
    assert.equal(resource, "subject");
    return { input: where?.replace(` of ${kind} subject`, ""), ...violation };
  });
}

const is = (input: string, value: string, write: string) => ({ input, is: value, write });

const oneId = notKnown;
const permitted: readonly Case[] = [
  ["RolePermissions", { roleId: oneId, permissions: of("read") }, toReader],
  ["RolePermissions", { roleId: oneId, permissions: of("write", "read") }, toEditor],
  [
    "RolePermission",
    { roleId: oneId, permission: "read", resourceServerIdentifier: audience },
    toReader,
  ],
  ["UserRoles", { userId: oneId, roles: [oneId] }, { ...toAda, roles: ["Role reader"] }],
  ["UserRoles", { userId: oneId, roles: [] }, toAda],
  // An id that the program had from another resource as well.
  ["UserRoles", { roles: [oneId] }, { ...toAda, roles: ["Role reader", "User eve"] }],
  ["UserRole", { userId: oneId, roleId: oneId }, { ...toAda, ...toReader }],
  ["OrganizationMemberRoles", { roles: [oneId] }, { ...toAda, roles: ["Role reader"] }],
  ["OrganizationMemberRole", { roleId: oneId }, { ...toAda, ...toReader }],
  [
    "ClientGrant",
    { clientId: oneId, audience, scopes: ["read"], allowAllScopes: false },
    toNightly,
  ],
  ["ClientGrant", { clientId: oneId, audience }, toNightly],
  ["ResourceServerScopes", { resourceServerIdentifier: audience, scopes: [{ name: "read" }] }],
  ["ResourceServerScope", { resourceServerIdentifier: audience, scope: "write" }],
];

test("what the table gives passes, whole or in part, by any of the types", async () => {
  for (const one of permitted) assert.deepEqual(await reported(one), [], one[0]);
});

test("an API that is not known yet is the one that it is made of", async () => {
  const permissions = [{ name: "read", resourceServerIdentifier: notKnown }];
  const grant = (api: string): Case => [
    "RolePermissions",
    { permissions },
    { ...toReader, permissions: [`ResourceServer ${api}`] },
  ];
  assert.deepEqual(await reported(grant("api")), []);
  assert.deepEqual(await reported(grant("other")), [
    is("permissions", '"https://other.example"', '"https://api.example"'),
  ]);
  assert.deepEqual(await reported(["RolePermissions", { permissions }, toReader]), [
    is("permissions", "a value that is not known before the update", '"https://api.example"'),
  ]);
});

const ownRoles = 'no more than the ids of the stack\'s Roles ["reader"]';

const gives = (input: string, whom: string, what: string, write: string) => ({
  input,
  found: `gives ${whom} ${what}, which the table does not`,
  write,
});

test("each weakening by itself is found", async () => {
  const cases: readonly (readonly [Case, object])[] = [
    [
      ["RolePermissions", { permissions: of("read", "write", "delete") }, toReader],
      gives("permissions", 'Role "reader"', '"write", "delete"', 'no more than ["read"]'),
    ],
    [
      ["RolePermissions", { permissions: of("read") }, { roleId: ["Role stranger"] }],
      gives("permissions", 'Role "stranger"', '"read"', "nothing"),
    ],
    [
      ["RolePermission", { permission: "write", resourceServerIdentifier: audience }, toReader],
      gives("permission", 'Role "reader"', '"write"', 'no more than ["read"]'),
    ],
    [
      ["RolePermissions", { roleId: "rol_1", permissions: of("read") }],
      is("roleId", '"rol_1"', "the id of one Role that the stack makes"),
    ],
    [
      [
        "RolePermissions",
        { roleId: oneId, permissions: of("read") },
        { roleId: ["Role reader", "Role editor"] },
      ],
      is(
        "roleId",
        "a value that is not known before the update",
        "the id of one Role that the stack makes",
      ),
    ],
    [
      ["UserRoles", { roles: [oneId, oneId] }, { ...toAda, roles: ["Role editor", "Role reader"] }],
      gives("roles", 'User "ada@example.com"', '"editor"', ownRoles),
    ],
    [
      ["UserRoles", { roles: [oneId, "rol_1"] }, { ...toAda, roles: ["Role reader"] }],
      gives("roles", 'User "ada@example.com"', '"rol_1"', ownRoles),
    ],
    [
      ["UserRole", { roleId: oneId }, { userId: ["User eve"], ...toReader }],
      gives("roleId", 'User "eve@example.com"', '"reader"', "nothing"),
    ],
    [
      ["OrganizationMemberRoles", { roles: [oneId] }, { ...toAda, roles: ["Role editor"] }],
      gives("roles", 'User "ada@example.com"', '"editor"', ownRoles),
    ],
    [
      ["OrganizationMemberRole", { roleId: oneId }, { ...toAda, ...toEditor }],
      gives("roleId", 'User "ada@example.com"', '"editor"', ownRoles),
    ],
    [
      ["UserPermissions", { permissions: of("read") }, toAda],
      gives("permissions", 'User "ada@example.com"', '"read"', "nothing"),
    ],
    [
      ["UserPermission", { permission: "read", resourceServerIdentifier: audience }, toAda],
      gives("permission", 'User "ada@example.com"', '"read"', "nothing"),
    ],
    [
      ["ClientGrant", { audience, scopes: ["write"] }, toNightly],
      gives("scopes", 'Client "Nightly"', '"write"', 'no more than ["read"]'),
    ],
    // A name that every object has.
    [
      ["ClientGrant", { audience, scopes: ["read"] }, { clientId: ["Client web"] }],
      gives("scopes", 'Client "constructor"', '"read"', "nothing"),
    ],
    [
      ["ClientGrant", { audience, scopes: [], allowAllScopes: true }, toNightly],
      is("allowAllScopes", "true", "false"),
    ],
    [
      ["ClientGrant", { audience: "https://t.example/api/v2/", scopes: ["read"] }, toNightly],
      is("audience", '"https://t.example/api/v2/"', '"https://api.example"'),
    ],
    [
      ["ClientGrant", { audience, scopes: ["read"], defaultFor: "third_party_clients" }],
      is("clientId", "nothing", "the id of one Client that the stack makes"),
    ],
    [
      ["ResourceServerScopes", { resourceServerIdentifier: audience, scopes: [{ name: "all" }] }],
      gives("scopes", 'the API "https://api.example"', '"all"', 'no more than ["read","write"]'),
    ],
    [
      ["ResourceServerScope", { resourceServerIdentifier: audience, scope: "all" }],
      gives("scope", 'the API "https://api.example"', '"all"', 'no more than ["read","write"]'),
    ],
  ];
  for (const [one, expected] of cases)
    assert.deepEqual(await reported(one), [expected], JSON.stringify(one));
});

test("what is missing, or not known yet, does not pass", async () => {
  const value = "a value that is not known before the update";
  assert.deepEqual(await reported(["RolePermissions", { permissions: [{}] }, toReader]), [
    is("permissions", "nothing", '"https://api.example"'),
    gives("permissions", 'Role "reader"', "nothing", 'no more than ["read"]'),
  ]);
  assert.deepEqual(await reported(["ClientGrant", { audience, scopes: notKnown }, toNightly]), [
    gives("scopes", 'Client "Nightly"', value, 'no more than ["read"]'),
  ]);
  assert.deepEqual(await reported(["UserRole", { roleId: notKnown }, toAda]), [
    gives("roleId", 'User "ada@example.com"', value, ownRoles),
  ]);
});

test("without a configuration nothing is compared, and other APIs can be left out", async () => {
  const elsewhere: Case = ["ClientGrant", { audience: "https://other.example", scopes: ["any"] }];
  assert.deepEqual(await reported(elsewhere, {}), []);
  assert.equal((await reported(elsewhere)).length, 2);
  const left = { ...settings, otherAudiences: ["https://other.example"] };
  assert.deepEqual(await reported(elsewhere, left), []);
  const other = { name: "any", resourceServerIdentifier: "https://other.example" };
  const both: Case = ["RolePermissions", { permissions: [...of("read"), other] }, toReader];
  assert.deepEqual(await reported(both, left), []);
  const isOther = is("permissions", '"https://other.example"', '"https://api.example"');
  assert.deepEqual(await reported(both), [isOther]);
  const more: Case = ["RolePermissions", { permissions: [...of("write"), other] }, toReader];
  assert.deepEqual(await reported(more, left), [
    gives("permissions", 'Role "reader"', '"write"', 'no more than ["read"]'),
  ]);
});

test("what is for another API is not said to be of the table's", async () => {
  const resourceServerIdentifier = "https://other.example";
  const isOther = is(
    "resourceServerIdentifier",
    '"https://other.example"',
    '"https://api.example"',
  );
  assert.deepEqual(
    await reported(["ResourceServerScopes", { resourceServerIdentifier, scopes: [{ name: "a" }] }]),
    [isOther],
  );
  assert.deepEqual(
    await reported(["RolePermission", { permission: "a", resourceServerIdentifier }, toReader]),
    [isOther],
  );
});

test("no other holder has a name of the table", async () => {
  const cases = [
    ["Client", "name", "Nightly", "nightly"],
    ["User", "email", "ada@example.com", "ada"],
    ["Role", "name", "editor", "editor"],
  ] as const;
  for (const [kind, name, value, first] of cases) {
    const inputs = { [name]: value };
    assert.deepEqual(await reported([kind, inputs]), [
      {
        ...is(name, `"${value}"`, "one that no other has"),
        note: `as that of ${kind} ${first} is`,
      },
    ]);
    assert.deepEqual(await reported([kind, inputs], {}), []);
    const another = { type: typeOf(kind), name: "elsewhere", inputs, provider: "another tenant" };
    assert.deepEqual(await judged(auth0Grants, [...tenant, another], { ...settings }), []);
  }
  assert.deepEqual(await reported(["Client", { name: "constructor" }]), []);
});
