/**
 * The table of a REST API that only machines call: a public catalogue, customers, orders, and their fulfilment
 * behind them. What may be done with customers and orders is said by operation.
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
  people: false,
  audience: "https://orders.example/api",
  home: "/catalogue",
  image,
  permissions: {
    ...api.permissions,
    "fulfil:orders": "Read and follow the fulfilment of orders",
  },
  roles: {},
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
        "GET /customers/{id}": "signedIn",
        "PUT /customers/{id}": { requires: "write:orders", callers: [gateway] },
      },
      port,
      path: "/customers/0",
      serviceAccount: "customers",
    },
    orders: {
      callers: [gateway],
      operations: api.operations,
      port,
      path: "/orders/0",
      serviceAccount: "orders",
    },
    fulfilment: {
      callers: ["orders"],
      requires: "fulfil:orders",
      port,
      path: "/fulfilment/0",
      serviceAccount: "fulfilment",
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
