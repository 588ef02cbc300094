/**
 * What a stack's routes, ServiceEntries and imports are made from, in addition to the table: the stack's output
 * `routing`.
 */
import type { CorsSettings, MeshSettings, TlsSettings } from "./config";
import type { Identity } from "./identity";
import type { ServiceTraffic } from "./traffic";

/** What `routingOf` takes. */
export interface RoutingArgs {
  readonly mesh: MeshSettings;
  readonly tls: TlsSettings | undefined;
  readonly cors: CorsSettings | undefined;
  readonly traffic: readonly ServiceTraffic[];
  readonly identity: Pick<Identity, "endSessionEndpoint" | "tokenEndpoint">;
}

/**
 * The output, as `verify` reads it. Missing values are left out, because Pulumi warns about each of them on every run.
 */
export function routingOf({
  mesh: { egress, imports, admission, networkPolicies, metricsFrom },
  tls,
  cors,
  traffic,
  identity: { endSessionEndpoint, tokenEndpoint },
}: RoutingArgs) {
  return {
    egress,
    imports,
    admission,
    ...(networkPolicies && { network: { metricsFrom } }),
    ...(tls && {
      tls: {
        minimumVersion: tls.minimumVersion,
        ...(tls.issuer && { issuer: { kind: tls.issuer.kind } }),
      },
    }),
    ...(cors && { cors }),
    traffic: traffic.map(({ service, shares }) => ({ service, shares })),
    ...(endSessionEndpoint !== undefined && { endSessionEndpoint }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
  };
}
