/** A stack's private authorities count where its settings give them, and not at each other's places. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clientOf } from "../../../../commands/stack/client";
import { reasonOf } from "../../../../lib/errors";
import { serve } from "../preflight/support";
import { makeCertificate } from "../verify/support/certificate";

test("the provider's authority counts at the provider, the gateway's at the gateway", async (t) => {
  const [ofProvider, ofGateway] = await Promise.all([makeCertificate(), makeCertificate()]);
  const serving = async (certificate = ofProvider) => {
    const server = await serve(() => ({ body: "" }), certificate);
    t.after(server.close);
    return server.url;
  };
  const [provider, gateway] = [await serving(), await serving(ofGateway)];
  const [likeProvider, likeGateway] = [await serving(), await serving(ofGateway)];
  const authorities = {
    certificateAuthority: ofProvider.certificate,
    gatewayCertificateAuthority: ofGateway.certificate,
  };
  const answer = (gatewayUrl: string, address: string) =>
    clientOf({ gatewayUrl, ...authorities })(address).then(
      ({ status }) => status,
      (error: unknown) => reasonOf(error).includes("self-signed"),
    );
  assert.deepEqual(
    {
      provider: await answer(gateway, `${provider}/jwks.json`),
      signInElsewhere: await answer(gateway, likeProvider),
      gateway: await answer(gateway, `${gateway}/productpage`),
      "gateway with the provider's authority": await answer(provider, provider),
      "another place with the gateway's authority": await answer(gateway, likeGateway),
    },
    {
      provider: 200,
      signInElsewhere: 200,
      gateway: 200,
      "gateway with the provider's authority": true,
      "another place with the gateway's authority": true,
    },
  );
});
