/** A proxy's own configuration, from the mesh, a pod's annotation or its environment. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

/** Istio's name for it is ProxyConfig. */
export type ProxyConfig = Readonly<Record<string, unknown>>;

const anyObject = z.record(z.string(), z.unknown());

/** An object, or an empty one for any other value. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return anyObject.safeParse(value).data ?? {};
}

/** Fields that do not change what a proxy lets through. */
const harmless = [
  "concurrency",
  "drainDuration",
  "terminationDrainDuration",
  "holdApplicationUntilProxyStarts",
  "readinessProbe",
  "tracing",
  "tracingServiceName",
  "proxyStatsMatcher",
  "extraStatTags",
  "statNameLength",
  "meshId",
  "serviceCluster",
];

/** Istio's own defaults. */
const defaults: ProxyConfig = {
  discoveryAddress: "istiod.istio-system.svc:15012",
  controlPlaneAuthPolicy: "MUTUAL_TLS",
  interceptionMode: "REDIRECT",
  statusPort: 15020,
  proxyAdminPort: 15000,
  configPath: "./etc/istio/proxy",
  binaryPath: "/usr/local/bin/envoy",
};

/** Entries of `proxyMetadata`, with values, that do not change what a proxy lets through. */
const harmlessMetadata: Readonly<Record<string, RegExp>> = {
  ECC_SIGNATURE_ALGORITHM: /^ECDSA$/,
  ECC_CURVE: /^P(256|384)$/,
  ISTIO_META_DNS_CAPTURE: /^(true|false)$/,
  ISTIO_META_DNS_AUTO_ALLOCATE: /^(true|false)$/,
  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: /^(true|false)$/,
  MINIMUM_DRAIN_DURATION: /^\w+$/,
};

/**
 * The fields that differ from what the mesh gives every proxy and that may matter, each with its value.
 * @param usual what the mesh gives. Default: Istio's own defaults
 */
export function changedFields(config: ProxyConfig, usual: ProxyConfig = {}): readonly string[] {
  const { proxyMetadata, ...fields } = config;
  const known = { ...defaults, ...usual };
  const metadata = objectOf(usual.proxyMetadata);
  return [
    ...Object.entries(fields)
      .filter(([name, value]) => !harmless.includes(name) && !isDeepStrictEqual(value, known[name]))
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`),
    ...Object.entries(objectOf(proxyMetadata))
      .filter(([name, value]) => !isDeepStrictEqual(value, metadata[name]))
      .filter(([name, value]) => harmlessMetadata[name]?.test(String(value)) !== true)
      .map(([name, value]) => `proxyMetadata.${name} ${JSON.stringify(value)}`),
  ];
}
