/** The client that a stack's own addresses are asked with. */
import { type Fetch, httpClient } from "../../lib/http";
import type { StackOutputs } from "./outputs";

/**
 * Each private authority counts where the settings give it: `gateway.tls.certificateAuthority` at the gateway, and
 * `identity.certificateAuthority` everywhere else, at the stack's providers and where their sign-in leads.
 */
export function clientOf({
  gatewayUrl,
  certificateAuthority,
  gatewayCertificateAuthority,
}: Pick<
  StackOutputs,
  "gatewayUrl" | "certificateAuthority" | "gatewayCertificateAuthority"
>): Fetch {
  const { origin } = new URL(gatewayUrl);
  const gateway = httpClient(gatewayCertificateAuthority);
  const providers = httpClient(certificateAuthority);
  return (url, init) => (new URL(url).origin === origin ? gateway : providers)(url, init);
}
