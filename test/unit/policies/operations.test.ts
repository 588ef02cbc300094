/** Weakens the policies of a table with operations in one place at a time: `access-table` reports each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { policiesOf } from "../../../components/enforcement/policies";
import {
  type Application,
  type ApplicationService,
  serviceOf,
} from "../../../components/application";
import { namespaces } from "../../../components/names";
import { rowsOf } from "../../../components/access/rows";
import { rowOf } from "../../../commands/preview/policies/derived";
import { application } from "../../../examples/orders/application";
import type { Table } from "../../../policies/table";
import { accessTable } from "../../../policies/rules/access-table";
import { type Given, judged } from "./judged";
import { type Mutation, mutated } from "./mutations/mutation";

const tokens = {
  issuer: "https://tenant.example/",
  jwksUri: "https://tenant.example/.well-known/jwks.json",
  audience: application.audience,
  permissionsClaim: ["permissions"],
};

const resourcesOf = (of: Application): readonly Given[] =>
  policiesOf({
    application: of,
    issuers: [tokens],
    authentication: { at: "namespace", required: false },
    gatewayUrl: "http://localhost:8080",
  }).AuthorizationPolicy.map(({ resource, metadata, spec }) => ({
    type: "kubernetes:security.istio.io/v1:AuthorizationPolicy",
    name: resource,
    inputs: { metadata, spec },
  }));

const tableOf = (of: Application): Table => ({
  namespace: of.namespace,
  issuers: [{ ...tokens, clients: "any" }],
  services: Object.fromEntries(
    Object.entries(of.services).map(([service, access]) => [
      service,
      rowsOf(access).map((row) => rowOf(of, row)),
    ]),
  ),
  protocols: { store: "tcp", inventory: "grpc" },
});
const settingsOf = (of: Application) => ({ table: tableOf(of), rootNamespace: namespaces.mesh });

const resources = resourcesOf(application);
const settings = settingsOf(application);

const reported = (given: readonly Given[]) => judged(accessTable, given, settings);

/** Rule 0 reads, 1 writes, 2 cancels. */
const orders = { rule: "access-table", of: "AuthorizationPolicy orders" };
const operation = (rule: number, entry = 0) =>
  ["spec", "rules", rule, "to", entry, "operation"] as const;

const mutations: readonly Mutation[] = [
  { weakening: "no methods", ...orders, at: [...operation(0), "methods"], value: undefined },
  { weakening: "no paths", ...orders, at: [...operation(0), "paths"], value: undefined },
  { weakening: "any operation", ...orders, at: ["spec", "rules", 0, "to"], value: undefined },
  { weakening: "an empty operation", ...orders, at: operation(2), value: {} },
  { weakening: "a method more", ...orders, at: [...operation(0), "methods", 1], value: "DELETE" },
  { weakening: "every method", ...orders, at: [...operation(0), "methods", 0], value: "*" },
  { weakening: "methods by prefix", ...orders, at: [...operation(0), "methods", 0], value: "P*" },
  { weakening: "all but one method", ...orders, at: operation(0), value: { notMethods: ["PUT"] } },
  { weakening: "a path more", ...orders, at: [...operation(0), "paths", 4], value: "/admin" },
  { weakening: "every path", ...orders, at: [...operation(0), "paths", 0], value: "*" },
  { weakening: "paths by prefix", ...orders, at: [...operation(0), "paths", 0], value: "/orders*" },
  {
    weakening: "a wider template",
    ...orders,
    at: [...operation(0), "paths", 1],
    value: "/orders/{**}",
  },
  {
    weakening: "all but one path",
    ...orders,
    at: operation(1),
    value: { methods: ["POST"], notPaths: ["/admin"] },
  },
  {
    weakening: "an operation by host alone",
    ...orders,
    at: ["spec", "rules", 0, "to", 1],
    value: { operation: { hosts: ["*"] } },
  },
  {
    weakening: "a read permission cancels",
    ...orders,
    at: ["spec", "rules", 2, "when", 0, "values", 0],
    value: "read:orders",
  },
  {
    weakening: "any token writes",
    ...orders,
    at: ["spec", "rules", 1, "when"],
    value: undefined,
  },
  {
    weakening: "no token cancels",
    ...orders,
    at: ["spec", "rules", 2, "from", 0, "source", "requestPrincipals"],
    value: undefined,
  },
  {
    weakening: "another caller changes customers",
    rule: "access-table",
    of: "AuthorizationPolicy customers",
    at: ["spec", "rules", 2, "from", 0, "source", "serviceAccounts", 1],
    value: "orders/orders",
  },
  {
    weakening: "a rule more, for everything",
    ...orders,
    at: ["spec", "rules", 3],
    value: {
      from: [
        {
          source: {
            serviceAccounts: ["istio-ingress/istio-ingress"],
            requestPrincipals: ["https://tenant.example//*"],
          },
        },
      ],
      when: [{ key: "request.auth.claims[permissions]", values: ["cancel:orders"] }],
    },
  },
  {
    weakening: "a rule about requests for a service of connections",
    rule: "access-table",
    of: "AuthorizationPolicy store",
    at: ["spec", "rules", 0, "to"],
    value: [{ operation: { ports: ["1"] } }],
  },
  {
    weakening: "a source that addresses narrow",
    rule: "access-table",
    of: "AuthorizationPolicy fulfilment",
    at: ["spec", "rules", 0, "from", 0, "source", "ipBlocks"],
    value: ["192.0.2.0/24"],
  },
  { weakening: "an operation less", ...orders, at: [...operation(2), "paths", 0], value: "/other" },
  {
    weakening: "a rule that another host narrows",
    ...orders,
    at: [...operation(2), "hosts"],
    value: ["other.example"],
  },
  {
    weakening: "a rule that an excluded path narrows",
    ...orders,
    at: [...operation(2), "notPaths"],
    value: ["/orders/{*}"],
  },
];

test("the policies as they are admit what the table does", async () => {
  assert.deepEqual(await reported(resources), []);
});

/** One permission of two is enough to change an order, and both are needed to cancel one. */
const several = {
  ...application,
  services: {
    ...application.services,
    orders: {
      ...serviceOf(application, "orders"),
      operations: {
        "GET /orders/{id}": "read:orders",
        "PUT /orders/{id}": {
          anyOf: ["fulfil:orders", { allOf: ["read:orders", "write:orders"] }],
        },
      },
    } as ApplicationService,
  },
};
const conditions = (rule: number) => ["spec", "rules", rule, "when"] as const;

test("several permissions are compared as a whole", async () => {
  const [given, settings] = [resourcesOf(several), settingsOf(several)];
  assert.deepEqual(await judged(accessTable, given, settings), []);
  const key = "request.auth.claims[permissions]";
  for (const [weakening, at, value] of [
    ["one of the two that are needed", [...conditions(2), 1], undefined],
    [
      "either of the two that are needed",
      conditions(2),
      [{ key, values: ["read:orders", "write:orders"] }],
    ],
    ["another that is enough", [...conditions(1), 0, "values", 1], "read:orders"],
    ["no condition", conditions(2), undefined],
    ["an alternative less", ["spec", "rules", 1], undefined],
    ["both alternatives at once", [...conditions(1), 1], { key, values: ["read:orders"] }],
  ] as const)
    assert.notDeepEqual(
      await judged(accessTable, mutated(given, { weakening, ...orders, at, value }), settings),
      [],
      weakening,
    );
});

for (const mutation of mutations) {
  test(`MUTATION: caught by ${mutation.rule}: ${mutation.weakening}`, async () => {
    assert.notDeepEqual(await reported(mutated(resources, mutation)), []);
  });
}
