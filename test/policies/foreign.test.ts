/** The pack judges a program that is not this project's, without a table: by the real engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithoutEngine } from "../sandbox/plugins/engine";
import { reportedOf } from "./foreign/engine";
import { careful, shop } from "./foreign/shop";

const options = { skip: skipWithoutEngine };

test("nothing is reported of a careful program", options, async () => {
  const reported = await reportedOf(() => {
    shop(careful);
  });
  assert.deepEqual(reported, []);
});

test("everything that a careless program leaves open is reported, in full", options, async () => {
  const reported = await reportedOf(() => {
    shop({
      mutualTls: { mtls: { mode: "PERMISSIVE" } },
      labels: {},
      jwtRule: {
        issuer: "http://sso.shop.example/realms/customers",
        jwksUri: "https://keys.example/certs",
      },
      allowNothing: { rules: [{}] },
      cartRule: { to: [{ operation: { methods: ["GET"] } }] },
      serviceType: "LoadBalancer",
      container: { image: "registry.shop.example/cart", securityContext: { privileged: true } },
    });
  });
  assert.deepEqual(reported, []);
});
