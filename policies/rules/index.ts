/** Every rule of the pack. */
import type { Rule } from "../rule";
import { accessTable } from "./access-table";
import { auth0Api } from "./auth0-api";
import { auth0Client } from "./auth0-client";
import { auth0Connection } from "./auth0-connection";
import { auth0Grants } from "./auth0-grants";
import { coverage } from "./coverage";
import { defaultDeny } from "./default-deny";
import { digitaloceanCluster } from "./digitalocean-cluster";
import { explicitProvider } from "./explicit-provider";
import { gatewayTls } from "./gateway-tls";
import { helmPinned } from "./helm-pinned";
import { imageTag } from "./image-tag";
import { istioVersion } from "./istio-version";
import { jwtEnforced } from "./jwt-enforced";
import { jwtIssuer } from "./jwt-issuer";
import { meshConfiguration } from "./mesh-configuration";
import { meshMutualTls } from "./mesh-mutual-tls";
import { namespaceInjection } from "./namespace-injection";
import { noAllowAll } from "./no-allow-all";
import { nonRoot } from "./non-root";
import { onlyGatewayPublic } from "./only-gateway-public";
import { policyEnforced } from "./policy-enforced";
import { principalForm } from "./principal-form";
import { resourcesSet } from "./resources-set";
import { serviceAccount } from "./service-account";

export const rules: readonly Rule[] = [
  accessTable,
  auth0Api,
  auth0Client,
  auth0Connection,
  auth0Grants,
  coverage,
  defaultDeny,
  digitaloceanCluster,
  explicitProvider,
  gatewayTls,
  helmPinned,
  imageTag,
  istioVersion,
  jwtEnforced,
  jwtIssuer,
  meshConfiguration,
  meshMutualTls,
  namespaceInjection,
  noAllowAll,
  nonRoot,
  onlyGatewayPublic,
  policyEnforced,
  principalForm,
  resourcesSet,
  serviceAccount,
];
