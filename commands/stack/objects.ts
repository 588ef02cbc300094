/** The cluster's objects: as they are read, what reports call them, and the commands that remove them. */
import { z } from "zod";
import { refreshCommand } from "./last-update";

/** An object of Istio's, as the cluster has it. */
export const meshObject = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  // A policy may come without one.
  spec: z.unknown().optional(),
});
/** An object of Istio's in the cluster. */
export type LiveObject = z.infer<typeof meshObject> & { readonly kind: string };

/** The plural of the kind, in lower case. */
export function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`.replace(/([^aeiou])ys$/, "$1ies");
}

/** An object's name in reports. A cluster's own objects have no namespace. */
export function objectName(
  kind: string,
  metadata:
    { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined,
): string {
  const { name = "", namespace } = metadata ?? {};
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The command that removes an object. */
export function removal(
  kind: string,
  {
    name = "",
    namespace,
  }: { readonly name?: string | undefined; readonly namespace?: string | undefined },
): string {
  const place = namespace === undefined ? "" : ` -n ${namespace}`;
  return `kubectl${place} delete ${kind.toLowerCase()} ${name}`;
}

/** The command that makes an object of the stack's again: an update leaves what others have added to it. */
export function madeAnew(kind: string, metadata: Parameters<typeof removal>[1]): string {
  return `${removal(kind, metadata)}, then ${refreshCommand}`;
}
