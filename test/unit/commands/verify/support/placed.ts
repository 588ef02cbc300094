/** An application as the probes need it: where the pods of its services are. */
import type { Labels } from "../../../../../components/application";
import type { Placed } from "../../../../../commands/verify/probes/pod-addresses";

/** As much of an application as says where the pods of these services are. */
export const placed = (
  namespace: string,
  services: readonly string[],
  labels: Readonly<Record<string, Labels>> = {},
): Placed => ({
  namespace,
  services: Object.fromEntries(
    services.map((name) => [
      name,
      {
        callers: [],
        requires: "public",
        port: 80,
        path: "/",
        serviceAccount: name,
        ...(labels[name] && { labels: labels[name] }),
      },
    ]),
  ),
});
