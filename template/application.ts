/** The table: which services there are, who may call each, which permission it needs, and which role holds it. */
import { gateway } from "istio-auth0/components/access/rows";
import { defineApplication } from "istio-auth0/components/application";

const port = 8080;

export const application = defineApplication({
  name: "shop",
  title: "Shop",
  namespace: "shop",
  people: true,
  audience: "https://shop.example/api",
  home: "/shop",
  permissions: {
    "read:orders": "Read orders",
    "write:orders": "Place and cancel orders",
  },
  roles: {
    customer: {
      description: "Reads, places and cancels orders",
      permissions: ["read:orders", "write:orders"],
    },
  },
  services: {
    storefront: {
      callers: [gateway],
      requires: "public",
      port,
      path: "/shop",
      // Where orders refuses, it answers with that status, and an error of its own.
      onRefusal: "same status",
      serviceAccount: "storefront",
      routes: [{ exact: "/shop" }, { exact: "/shop/order" }],
    },
    orders: {
      callers: [gateway, "storefront"],
      // What is not here is refused, no matter what the token permits.
      operations: {
        "GET /orders": { requires: "read:orders", callers: [gateway] },
        "GET /orders/{id}": "read:orders",
        "POST /orders": { requires: "write:orders", callers: [gateway] },
        "DELETE /orders/{id}": { requires: "write:orders", callers: [gateway] },
      },
      port,
      path: "/orders/0",
      serviceAccount: "orders",
    },
  },
  // What verify asks the gateway for, and the services that get the request's token on the way.
  requests: [
    { name: "storefront", path: "/shop", through: ["storefront"] },
    { name: "orders", path: "/orders/0", through: ["orders"] },
    { name: "its order", path: "/shop/order", through: ["storefront", "orders"] },
  ],
});
