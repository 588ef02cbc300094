import type { AdapterPayload } from "oidc-provider";

import type { Client } from "../state";

const machineGrantTypes = ["client_credentials"];
const webGrantTypes = ["authorization_code", "refresh_token"];

/** A client of the tenant, as OpenID Connect's client registration describes it. */
export function clientMetadata(client: Client): AdapterPayload {
  // Without a callback no one can sign in, and oidc-provider would refuse the whole client as invalid.
  const callbacks = (client.callbacks ?? []).filter(isPlainUrl);
  const isWeb = callbacks.length > 0 && client.grant_types.includes("authorization_code");
  const possible = isWeb ? [...webGrantTypes, ...machineGrantTypes] : machineGrantTypes;
  const method = authenticationMethodOf(client);
  return {
    client_id: client.client_id,
    client_name: client.name,
    ...(method !== "none" && { client_secret: client.client_secret }),
    token_endpoint_auth_method: method,
    // Only this type compares callbacks character by character, ports included.
    application_type: "web",
    redirect_uris: callbacks,
    post_logout_redirect_uris: (client.allowed_logout_urls ?? []).filter(isPlainUrl),
    response_types: isWeb ? ["code"] : [],
    grant_types: possible.filter((type) => client.grant_types.includes(type)),
  };
}

/** How the client authenticates: by its setting or, without one, by its type's default. */
export function authenticationMethodOf({
  app_type: type,
  token_endpoint_auth_method: method,
}: Client): NonNullable<Client["token_endpoint_auth_method"]> {
  return method ?? (type === "spa" || type === "native" ? "none" : "client_secret_post");
}

function isPlainUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ["http:", "https:"].includes(url.protocol) && !value.includes("#");
}
