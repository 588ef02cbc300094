/** The stand-in for Pulumi's auth0 plug-in, over the official SDK. */
import type { Plugin, ResourceType } from "../shared/plugin";
import { sdkVersion } from "../shared/version";
import { clientCredentials } from "./clientCredentials";
import { documentKinds } from "./documentKinds";
import { documentType } from "./documents";
import { type ManagementApi, openManagementApi } from "./managementApi";
import { memberKinds } from "./memberKinds";
import { memberType } from "./members";

const resourceTypes = new Map<string, ResourceType<ManagementApi>>([
  ...Object.entries(documentKinds).map(([token, kind]) => [token, documentType(kind)] as const),
  ...Object.entries(memberKinds).map(([token, kind]) => [token, memberType(kind)] as const),
  ["auth0:index/clientCredentials:ClientCredentials", clientCredentials],
]);

export const auth0: Plugin<ManagementApi> = {
  name: "auth0",
  version: sdkVersion("auth0"),
  // As in the official plug-in, another domain is another address of the same tenant.
  replacesProvider: () => [],
  connect: (config) => Promise.resolve(config).then(openManagementApi),
  resourceType: (token) => resourceTypes.get(token),
};
