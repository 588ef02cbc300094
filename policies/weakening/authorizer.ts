/** External authorizers: entries of `meshConfig.extensionProviders`. */
import type { Setting, Subject } from "./setting";

const both: readonly Setting[] = [
  {
    name: "failOpen",
    values: [false],
    why: "Requests pass while the authorizer does not answer.",
  },
  {
    name: "statusOnError",
    may: "a status of 400 or more",
    why: "A client takes a failure for an answer.",
  },
  {
    name: "timeout",
    may: "at most the configured time",
    why: "Requests wait for ten minutes while the authorizer does not answer.",
    required: true,
  },
  {
    name: "includeRequestBodyInCheck.allowPartialMessage",
    values: [false],
    why: "The authorizer judges a part of what the service gets.",
  },
];

export const authorizer: Subject = {
  title: "External authorizers (meshConfig.extensionProviders)",
  source: "istio.io/api v1.31.1, mesh/v1alpha1/config.proto",
  rule: "external-authorization",
  others: "a violation",
  settings: [
    ...both,
    {
      name: "includeRequestHeadersInCheck",
      may: "the configured headers; else none by which a client says where a request goes",
      why: "The authorizer gets what it needs not see, or believes what a client says.",
    },
    {
      name: "includeHeadersInCheck",
      may: "the same: its older name",
      why: "The same.",
    },
    {
      name: "includeAdditionalHeadersInCheck",
      may: "none that says where a request goes, or who calls",
      why: "The authorizer trusts the header.",
    },
    {
      name: "headersToUpstreamOnAllow",
      may: "the configured headers; else no pattern, host or path",
      why: "Services get what only the authorizer is to know, or a request that the mesh has not judged.",
    },
    {
      name: "headersToDownstreamOnAllow",
      may: "the configured headers; else no pattern and no token",
      why: "Browsers get users' tokens.",
    },
    {
      name: "headersToDownstreamOnDeny",
      may: "the configured headers; else no pattern and no token",
      why: "Browsers get users' tokens.",
    },
  ],
  harmless: [
    "clearRouteCache",
    "includeRequestBodyInCheck.maxRequestBytes",
    "includeRequestBodyInCheck.packAsBytes",
    "pathPrefix",
    "port",
    "service",
  ],
};
