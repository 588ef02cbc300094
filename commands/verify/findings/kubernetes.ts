/** Kubernetes' objects as the API returns them. */
import type {
  V1Container,
  V1Deployment,
  V1EndpointSlice,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Pod,
} from "@kubernetes/client-node";
import type { Plain } from "../../stack/cluster";

export type { Service } from "../../stack/services";

export type Container = Plain<V1Container>;
export type Deployment = Plain<V1Deployment>;
export type EndpointSlice = Plain<V1EndpointSlice>;
export type Namespace = Plain<V1Namespace>;
export type Pod = Plain<V1Pod>;
export type WebhookConfiguration = Plain<V1MutatingWebhookConfiguration>;
