/** Every rule of the pack. */
import type { Rule } from "../rule";
import { accessTable } from "./access-table";
import { apiDocument } from "./api-document";
import { apiToken } from "./api-token";
import { auth0Api } from "./auth0-api";
import { auth0Client } from "./auth0-client";
import { auth0Connection } from "./auth0-connection";
import { auth0Grants } from "./auth0-grants";
import { canMatch } from "./can-match";
import { coverage } from "./coverage";
import { defaultDeny } from "./default-deny";
import { digitaloceanCluster } from "./digitalocean-cluster";
import { explicitProvider } from "./explicit-provider";
import { externalAuthorization } from "./external-authorization";
import { gatewayHosts } from "./gateway-hosts";
import { gatewayTls } from "./gateway-tls";
import { helmPinned } from "./helm-pinned";
import { highAvailability } from "./high-availability";
import { imageTag } from "./image-tag";
import { istioFieldsKnown } from "./istio-fields";
import { istioVersion } from "./istio-version";
import { jwtEnforced } from "./jwt-enforced";
import { jwtIssuer } from "./jwt-issuer";
import { meshConfiguration } from "./mesh-configuration";
import { meshMutualTls } from "./mesh-mutual-tls";
import { namespaceInjection } from "./namespace-injection";
import { networkPolicies } from "./network-policies";
import { noAllowAll } from "./no-allow-all";
import { nonRoot } from "./non-root";
import { oauth2Proxy } from "./oauth2-proxy";
import { onlyGatewayPublic } from "./only-gateway-public";
import { policyEnforced } from "./policy-enforced";
import { portProtocol } from "./port-protocol";
import { principalForm } from "./principal-form";
import { resourcesSet } from "./resources-set";
import { routeDestination } from "./route-destination";
import { routeHeaders } from "./route-headers";
import { secretsHidden } from "./secrets-hidden";
import { serviceAccount } from "./service-account";
import { sidecarImports } from "./sidecar-imports";
import { tokenRequired } from "./token-required";

export const rules: readonly Rule[] = [
  accessTable,
  apiDocument,
  apiToken,
  auth0Api,
  auth0Client,
  auth0Connection,
  auth0Grants,
  canMatch,
  coverage,
  defaultDeny,
  digitaloceanCluster,
  explicitProvider,
  externalAuthorization,
  gatewayHosts,
  gatewayTls,
  helmPinned,
  highAvailability,
  imageTag,
  istioFieldsKnown,
  istioVersion,
  jwtEnforced,
  jwtIssuer,
  meshConfiguration,
  meshMutualTls,
  namespaceInjection,
  networkPolicies,
  noAllowAll,
  nonRoot,
  oauth2Proxy,
  onlyGatewayPublic,
  policyEnforced,
  portProtocol,
  principalForm,
  resourcesSet,
  routeDestination,
  routeHeaders,
  secretsHidden,
  serviceAccount,
  sidecarImports,
  tokenRequired,
];
