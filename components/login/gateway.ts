import type { HelmValues } from "../mesh/values";
import { hostOf, proxy } from "./names";
import type { GatewayLoginSettings } from "./configuration";
import { providerNames } from "./policies";

/** The proxy as the mesh asks it: entries of `meshConfig.extensionProviders`. */
export function extensionProviders({
  required,
}: Pick<GatewayLoginSettings, "required">): readonly HelmValues[] {
  const pages = { name: providerNames.pages, envoyExtAuthzHttp: authorizer };
  if (!required) return [pages];
  // To a client that asks for JSON the proxy answers 401 and begins no sign-in: each sign-in would leave a cookie in
  // the browser, and too many of them would push out the one of a sign-in that is in progress.
  const includeAdditionalHeadersInCheck = { accept: "application/json" };
  return [
    pages,
    {
      name: providerNames.others,
      envoyExtAuthzHttp: { ...authorizer, includeAdditionalHeadersInCheck },
    },
  ];
}

const authorizer = {
  // With its namespace: otherwise a ServiceEntry of another namespace for this host would keep the gateway from the
  // proxy.
  service: `${proxy.namespace}/${hostOf(proxy)}`,
  port: proxy.port,
  // Without these the gateway would wait ten minutes, and answer "forbidden" when the proxy is only out of order.
  timeout: "5s",
  statusOnError: "503",
  includeRequestHeadersInCheck: ["cookie"],
  headersToUpstreamOnAllow: ["authorization"],
  // A refreshed session has a new cookie, and no browser may keep what it got with a session.
  headersToDownstreamOnAllow: ["cache-control", "set-cookie"],
  headersToDownstreamOnDeny: ["cache-control", "content-type", "set-cookie"],
};
