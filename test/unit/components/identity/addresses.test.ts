/** The issuer and its keys are at the tenant's domain, and the browser returns to the paths of the login's kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { applicationAddresses, tenantAddresses } from "../../../../components/identity/addresses";

for (const domain of ["tenant.eu.auth0.com", "login.example.com", "tenant.localhost:8443"]) {
  test(`the issuer of ${domain} ends in one slash, and its keys are under it`, () => {
    assert.deepEqual(tenantAddresses({ domain }), {
      issuer: `https://${domain}/`,
      jwksUri: `https://${domain}/.well-known/jwks.json`,
    });
  });
}

for (const [login, callback, loggedOut] of [
  ["none", "/oauth2/callback", "/productpage"],
  ["gateway", "/oauth2/callback", "/oauth2/signed_out"],
  ["application", "/callback", "/signed-out"],
] as const) {
  test(`with a login at ${login} the tenant sends browsers to ${callback} of the gateway`, () => {
    assert.deepEqual(
      applicationAddresses({ application: bookinfo, gatewayUrl: "http://localhost:8080", login }),
      {
        callback: `http://localhost:8080${callback}`,
        loggedOut: `http://localhost:8080${loggedOut}`,
      },
    );
  });
}
