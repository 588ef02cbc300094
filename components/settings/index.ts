/**
 * The shape of every setting, its default and what is expected where it is wrong: a file for each section.
 *
 * In these files an error's text is what was expected; config.ts puts the key and what was found before it.
 */
import { z } from "zod";
import { bookinfoSettings } from "./bookinfo";
import { cluster } from "./cluster";
import { gateway, type ServiceType } from "./gateway";
import { identity } from "./identity";
import { istio } from "./istio";
import { section } from "./schema";

export { bookinfoSettings } from "./bookinfo";
export type { ServiceType } from "./gateway";

/** The settings whose values no message may show; `[]` stands for any entry of a list. */
export const secretSettings: ReadonlySet<string> = new Set([
  "cluster.kubeconfig",
  "cluster.token",
  "identity.client.secret",
  "identity.clientSecret",
  "identity.machines[].clientSecret",
  "identity.users[].password",
]);

/** The type of the gateway's Service on clusters that leave no choice. */
const serviceTypeOn: Readonly<Record<string, ServiceType | undefined>> = {
  kind: "NodePort",
  digitalocean: "LoadBalancer",
};

/** Settings that must fit each other, where they are there. */
const together = z.looseObject({
  cluster: z.looseObject({ kind: z.string() }),
  gateway: z.looseObject({ serviceType: z.string() }),
});

/** The five sections of the stack's configuration. Pulumi.yaml describes every field. */
export const settingsSchema = section({
  cluster,
  istio: istio.prefault({}),
  identity,
  bookinfo: bookinfoSettings.prefault({}),
  gateway,
}).superRefine(
  (settings, context) => {
    const { data } = together.safeParse(settings);
    const allowed = data && serviceTypeOn[data.cluster.kind];
    if (allowed === undefined || data?.gateway.serviceType === allowed) return;
    context.addIssue({
      code: "custom",
      path: ["gateway", "serviceType"],
      input: data?.gateway.serviceType,
      message: `"${allowed}" or nothing, as cluster.kind is "${data?.cluster.kind}"`,
    });
  },
  // Whatever else is wrong, so that all of it is said at once.
  { when: ({ value }) => typeof value === "object" && value !== null },
);

export type Settings = z.output<typeof settingsSchema>;
export type ClusterSettings = Settings["cluster"];
export type IstioSettings = Settings["istio"];
export type IdentitySettings = Settings["identity"];
export type BookinfoSettings = Settings["bookinfo"];
export type GatewaySettings = Settings["gateway"];
export type TlsSettings = NonNullable<GatewaySettings["tls"]>;
