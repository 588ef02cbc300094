/**
 * The table of a REST API that only machines call: a public catalogue, customers, orders, and their fulfilment
 * behind them.
 */
import { type Application, gateway } from "../../components/application";

const port = 8080;

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
    "read:orders": "Read orders",
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
      requires: "signedIn",
      port,
      path: "/customers/0",
      serviceAccount: "customers",
      routes: [{ prefix: "/customers/" }],
    },
    orders: {
      callers: [gateway],
      requires: { permission: "read:orders" },
      port,
      path: "/orders/0",
      serviceAccount: "orders",
      routes: [{ prefix: "/orders/" }],
    },
    fulfilment: {
      callers: ["orders"],
      requires: { permission: "fulfil:orders" },
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
