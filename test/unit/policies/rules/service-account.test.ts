/** Services that share a service account or have the default one are reported; versions of one service may share. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceAccount } from "../../../../policies/rules/service-account";
import { type Given, judged, notKnown } from "../judged";

const workload = (name: string, serviceAccountName?: unknown, changes: object = {}): Given => ({
  type: "kubernetes:apps/v1:Deployment",
  name,
  inputs: {
    metadata: { name, namespace: "shop", ...changes },
    spec: {
      template: {
        metadata: { labels: { app: name.split("-")[0], service: "all" } },
        spec: { serviceAccountName },
      },
    },
  },
});

const is = (name: string, account: string, other?: string, namespace = "shop") => ({
  where: `spec.template.spec.serviceAccountName of Deployment ${namespace}/${name}`,
  is: account,
  ...(other !== undefined && { note: `as that of Deployment ${namespace}/${other}` }),
  write: "a service account of its own",
  resource: name,
});

test("an account for each service passes, also where it has versions", async () => {
  const workloads = [
    workload("cart-v1", "cart"),
    workload("cart-v2", "cart"),
    workload("stock-v1", "stock"),
    workload("other-v1", "cart", { namespace: "elsewhere" }),
  ];
  assert.deepEqual(await judged(serviceAccount, workloads), []);
});

test("two services that share an account are both found", async () => {
  const workloads = [
    workload("cart-v1", "cart"),
    workload("stock-v1", "cart"),
    workload("pay-v1", "pay"),
  ];
  assert.deepEqual(await judged(serviceAccount, workloads), [
    is("cart-v1", '"cart"', "stock-v1"),
    is("stock-v1", '"cart"', "cart-v1"),
  ]);
});

test("the namespace's account, and one that is not known yet, are not a service's own", async () => {
  const workloads = [
    workload("cart-v1"),
    workload("stock-v1", "default"),
    workload("pay-v1", notKnown),
  ];
  assert.deepEqual(await judged(serviceAccount, workloads), [
    is("cart-v1", "nothing"),
    is("stock-v1", '"default"'),
    is("pay-v1", "a value that is not known before the update"),
  ]);
});

test("the label, and the namespaces that are left out, are configured", async () => {
  const workloads = [workload("cart-v1", "cart"), workload("stock-v1", "cart")];
  assert.deepEqual(await judged(serviceAccount, workloads, { serviceLabel: "service" }), []);
  assert.deepEqual(await judged(serviceAccount, workloads, { exceptNamespaces: ["shop"] }), []);
});

test("a service of the table runs as the account that the table has", async () => {
  const row = { callers: [], requires: "public" };
  const table = {
    namespace: "shop",
    issuers: [],
    services: { cart: row, stock: row, pay: row },
    accounts: { cart: "cart", stock: "stock-account" },
  };
  const found = (...workloads: Given[]) => judged(serviceAccount, workloads, { table });
  const another = (name: string, account: string, expected: string) => ({
    ...is(name, account),
    note: `and that of ${name.split("-")[0]} in the access table is "${expected}"`,
    write: `"${expected}", or change the table`,
  });
  const good = [workload("cart-v1", "cart"), workload("stock-v1", "stock-account")];
  assert.deepEqual(await found(...good, workload("pay-v1", "any")), []);
  assert.deepEqual(await found(workload("cart-v1", "web", { namespace: "other" })), []);
  assert.deepEqual(await found(workload("cart-v1", "basket"), workload("stock-v1")), [
    another("cart-v1", '"basket"', "cart"),
    another("stock-v1", "nothing", "stock-account"),
  ]);
  // One that runs as another service is told of once.
  assert.deepEqual(await found(workload("cart-v1", "stock-account")), [
    another("cart-v1", '"stock-account"', "cart"),
  ]);
});
