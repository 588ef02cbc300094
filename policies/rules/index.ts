/** Every rule of the pack. */
import type { Rule } from "../rule";
import { auth0Api } from "./auth0-api";
import { auth0Client } from "./auth0-client";
import { auth0Connection } from "./auth0-connection";
import { digitaloceanCluster } from "./digitalocean-cluster";
import { meshMutualTls } from "./mesh-mutual-tls";

export const rules: readonly Rule[] = [
  auth0Api,
  auth0Client,
  auth0Connection,
  digitaloceanCluster,
  meshMutualTls,
];
