/** The pack judges a program that is not this project's, without a table: by the real engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skipWithoutEngine } from "../engine";
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
      headers: { request: { set: { Authorization: "Bearer eyJ" } } },
      flags: ["--skip-auth-route=.*", ...careful.flags],
      pod: { hostNetwork: true },
      container: { image: "registry.shop.example/cart", securityContext: { privileged: true } },
    });
  });
  const container = "spec.template.spec.containers[0]";
  const ofCart = "of Deployment shop/cart is";
  const rights = `${container}.securityContext`;
  const amounts = `${container}.resources`;
  const jwtRule = "spec.jwtRules[0]";
  const ofCustomers = "of RequestAuthentication shop/customers is";
  assert.deepEqual(reported, [
    [
      "default-deny",
      "",
      'no AuthorizationPolicy of namespace "shop" allows nothing. Write one in it with an empty spec',
    ],
    [
      "image-tag",
      "cart",
      `${container}.image ${ofCart} "registry.shop.example/cart". Write a full version tag, such as name:1.2.3, or a digest`,
    ],
    ...["allow-nothing", "cart"].map((policy) => [
      "jwt-enforced",
      `shop-${policy}`,
      `spec.rules[0] of AuthorizationPolicy shop/${policy} admits requests without a token. Write requestPrincipals in each of its sources`,
    ]),
    ...[
      `audiences ${ofCustomers} nothing. Write the audience of this API's tokens`,
      `fromHeaders ${ofCustomers} nothing. Write the name of authorization`,
      `issuer ${ofCustomers} "http://sso.shop.example/realms/customers". Write an https URL`,
      `jwksUri ${ofCustomers} "https://keys.example/certs". Write an https URL of the issuer's own host`,
    ].map((found) => ["jwt-issuer", "shop-customers", `${jwtRule}.${found}`]),
    [
      "mesh-mutual-tls",
      "istio-system-default",
      'spec.mtls.mode of PeerAuthentication istio-system/default is "PERMISSIVE". Write "STRICT"',
    ],
    [
      "namespace-injection",
      "shop",
      'metadata.labels.istio-injection of Namespace "shop" is nothing. Write "enabled"',
    ],
    [
      "no-allow-all",
      "shop-allow-nothing",
      "spec.rules[0] of AuthorizationPolicy shop/allow-nothing fits every request. Write whom it admits (from), to what (to) or when, or no rules at all",
    ],
    ...[
      `${rights}.allowPrivilegeEscalation ${ofCart} nothing. Write false`,
      `${rights}.capabilities.drop ${ofCart} nothing. Write ["ALL"]`,
      `${rights}.privileged ${ofCart} true. Write false`,
      `${rights}.runAsNonRoot ${ofCart} nothing. Write true`,
      `spec.template.spec.hostNetwork ${ofCart} true. Write false`,
    ].map((found) => ["non-root", "cart", found]),
    [
      "oauth2-proxy",
      "login",
      '--skip-auth-route in spec.template.spec.containers[0] of Deployment login/login is ".*". Write a pattern that begins with ^/ and does not fit every path',
    ],
    [
      "only-gateway-public",
      "cart",
      'spec.type of Service shop/cart is "LoadBalancer". Write "ClusterIP", and a route of the gateway',
    ],
    ...[
      `${amounts}.limits.memory ${ofCart} nothing. Write an amount, such as "512Mi"`,
      `${amounts}.requests.cpu ${ofCart} nothing. Write an amount, such as "10m"`,
      `${amounts}.requests.memory ${ofCart} nothing. Write an amount, such as "64Mi"`,
    ].map((found) => ["resources-set", "cart", found]),
    [
      "route-headers",
      "front",
      'spec.http[0].headers.request.set of VirtualService shop/front has "Authorization". Write none',
    ],
    [
      "service-account",
      "cart",
      `spec.template.spec.serviceAccountName ${ofCart} nothing. Write a service account of its own`,
    ],
  ]);
});
