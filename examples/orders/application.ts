/**
 * The table of a shop: a public catalogue, customers and orders, which people and machines call, and behind the orders
 * their fulfilment, an inventory by gRPC and a store by TCP. What may be done with most is said by operation.
 */
import { join } from "node:path";
import { openApi } from "../../components/access/openapi";
import type { Application } from "../../components/application";
import { gateway } from "../../components/access/rows";

const port = 8080;

/** The document of the service orders. */
const api = openApi(join(__dirname, "orders.yaml"));

/** The image of every service. */
export const image = "registry.example.com/orders:1.0.0";

export const application: Application = {
  name: "orders-api",
  title: "Orders",
  namespace: "orders",
  people: true,
  audience: "https://orders.example/api",
  home: "/catalogue",
  image,
  permissions: {
    ...api.permissions,
    "fulfil:orders": "Read and follow the fulfilment of orders",
    "manage:customers": "List, add and remove customers",
  },
  roles: {
    customer: {
      description: "Places orders, and reads them",
      permissions: ["read:orders", "write:orders"],
    },
    admin: {
      description: "Does everything, for every customer",
      permissions: [
        "read:orders",
        "write:orders",
        "cancel:orders",
        "fulfil:orders",
        "manage:customers",
      ],
    },
  },
  services: {
    catalogue: {
      callers: [gateway],
      requires: "public",
      port,
      path: "/catalogue",
      serviceAccount: "catalogue",
      routes: [{ exact: "/catalogue" }],
    },
    customers: {
      callers: [gateway, "orders"],
      operations: {
        "GET /customers": { requires: "manage:customers", callers: [gateway] },
        "POST /customers": { requires: "manage:customers", callers: [gateway] },
        "GET /customers/{id}": "signedIn",
        "PUT /customers/{id}": {
          requires: { anyOf: ["manage:customers", { allOf: ["read:orders", "write:orders"] }] },
          callers: [gateway],
        },
        "DELETE /customers/{id}": { requires: "manage:customers", callers: [gateway] },
      },
      port,
      path: "/customers/0",
      serviceAccount: "customers",
    },
    orders: {
      callers: [gateway],
      operations: api.operations,
      document: api,
      port,
      path: "/orders/0",
      onRefusal: "same status",
      serviceAccount: "orders",
    },
    fulfilment: {
      callers: ["orders"],
      requires: "fulfil:orders",
      port,
      path: "/fulfilment/0",
      serviceAccount: "fulfilment",
    },
    inventory: {
      callers: ["orders"],
      protocol: "grpc",
      operations: {
        "shop.Inventory/Reserve": "write:orders",
        "shop.Inventory/Stock": { anyOf: ["read:orders", "fulfil:orders"] },
      },
      port: 9090,
      path: "/shop.Inventory/Stock",
      serviceAccount: "inventory",
    },
    store: {
      callers: ["orders"],
      protocol: "tcp",
      port: 7000,
      // JSON-RPC, with the header that says how long it is.
      greeting: 'Content-Length: 40\r\n\r\n{"jsonrpc":"2.0","id":0,"method":"list"}',
      serviceAccount: "store",
    },
  },
  requests: [
    { name: "catalogue", path: "/catalogue", through: ["catalogue"] },
    { name: "customers", path: "/customers/0", through: ["customers"] },
    { name: "orders", path: "/orders/0", through: ["orders"] },
    { name: "its customer", path: "/orders/0/customer", through: ["orders", "customers"] },
    { name: "fulfilment", path: "/orders/0/fulfilment", through: ["orders", "fulfilment"] },
  ],
};
