import assert from "node:assert/strict";
import { test } from "node:test";
import { applicationAddresses, tenantAddresses } from "../../../components/identity/addresses";

for (const domain of ["tenant.eu.auth0.com", "login.example.com", "tenant.localhost:8443"]) {
  test(`the issuer of ${domain} ends in one slash, and its keys are under it`, () => {
    assert.deepEqual(tenantAddresses(domain), {
      issuer: `https://${domain}/`,
      jwksUri: `https://${domain}/.well-known/jwks.json`,
    });
  });
}

test("the application's addresses are the gateway's", () => {
  assert.deepEqual(applicationAddresses("http://localhost:8080"), {
    callback: "http://localhost:8080/oauth2/callback",
    loggedOut: "http://localhost:8080/productpage",
  });
});
