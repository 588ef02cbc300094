/** Every table of settings. */
import { authorizer } from "./authorizer";
import { gatewayValues } from "./gateway";
import { istiodValues } from "./istiod";
import { istiodEnvironment } from "./istiod-environment";
import { oauth2ProxyFlags, oauth2ProxySettings } from "./oauth2-proxy";
import { networkPolicyFields, sidecarFields } from "./network";
import { podTemplate } from "./pod-template";
import { proxyConfig } from "./proxy-config";
import { containerRights, podRights } from "./rights";
import type { Subject } from "./setting";

export const subjects: readonly Subject[] = [
  oauth2ProxyFlags,
  oauth2ProxySettings,
  authorizer,
  istiodValues,
  istiodEnvironment,
  proxyConfig,
  gatewayValues,
  podTemplate,
  podRights,
  containerRights,
  networkPolicyFields,
  sidecarFields,
];
