/** Every rule of the pack. */
import type { Rule } from "../rule";
import { auth0Api } from "./auth0-api";
import { auth0Client } from "./auth0-client";
import { auth0Connection } from "./auth0-connection";
import { digitaloceanCluster } from "./digitalocean-cluster";
import { explicitProvider } from "./explicit-provider";
import { gatewayTls } from "./gateway-tls";
import { helmPinned } from "./helm-pinned";
import { imageTag } from "./image-tag";
import { istioVersion } from "./istio-version";
import { meshMutualTls } from "./mesh-mutual-tls";
import { nonRoot } from "./non-root";
import { onlyGatewayPublic } from "./only-gateway-public";
import { resourcesSet } from "./resources-set";

export const rules: readonly Rule[] = [
  auth0Api,
  auth0Client,
  auth0Connection,
  digitaloceanCluster,
  explicitProvider,
  gatewayTls,
  helmPinned,
  imageTag,
  istioVersion,
  meshMutualTls,
  nonRoot,
  onlyGatewayPublic,
  resourcesSet,
];
