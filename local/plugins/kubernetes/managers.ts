/** Which manager owns which fields of an object: in server-side apply each manager may change only its own. */
import { z } from "zod";
import { isProperties, type Properties, type Value } from "../shared/values";

const entrySchema = z
  .object({
    manager: z.string().default(""),
    operation: z.enum(["Apply", "Update"]).default("Update"),
    subresource: z.string().default(""),
    fieldsV1: z.record(z.string(), z.json()).default({}),
  })
  .catchall(z.json());

/** An entry of `metadata.managedFields`. */
export type ManagerEntry = z.infer<typeof entrySchema>;

/** The entries of an object; none if it has no `metadata.managedFields`. */
export function managersOf(metadata: Properties): ManagerEntry[] {
  return z.array(entrySchema).default([]).parse(metadata.managedFields);
}

/**
 * The managers whose fields an update takes over: kubectl's commands, and plug-ins that did not apply on the server. As
 * in the official plug-in, the beginning of a name is compared, so that `kubectl-edit` matches too.
 */
const takenOver: readonly { name: string; operation: ManagerEntry["operation"] }[] = [
  { name: "kubectl", operation: "Apply" },
  { name: "kubectl", operation: "Update" },
  { name: "before-first-apply", operation: "Update" },
  { name: "pulumi-kubernetes", operation: "Update" },
  { name: "pulumi-resource-kubernetes", operation: "Update" },
];

/** A change through a subresource, as by `kubectl scale`, stays with its manager. */
function isTakenOver({ manager, operation, subresource }: ManagerEntry): boolean {
  return (
    subresource === "" &&
    takenOver.some((one) => manager.startsWith(one.name) && operation === one.operation)
  );
}

/**
 * The entries after `fieldManager` has taken over what an update takes over; undefined if there is nothing to take
 * over. Fields that it then owns and does not apply are removed by the API.
 */
export function withTakenOver(
  entries: readonly ManagerEntry[],
  fieldManager: string,
): ManagerEntry[] | undefined {
  const isOwn = ({ manager, operation }: ManagerEntry) =>
    manager === fieldManager && operation === "Apply";
  const taken = entries.filter((entry) => !isOwn(entry) && isTakenOver(entry));
  const own = entries.find(isOwn) ?? taken[0];
  if (own === undefined || taken.length === 0) return undefined;
  const others = entries.filter((entry) => entry !== own && !taken.includes(entry));
  const fieldsV1 = taken.reduce((fields, one) => united(fields, one.fieldsV1), own.fieldsV1);
  return [...others, { ...own, manager: fieldManager, operation: "Apply", fieldsV1 }];
}

/** The fields of both: each key of an object of fields is a field, with an object of fields as its value. */
function united(one: Properties, other: Properties): Properties {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name): [string, Value] => {
      const [first, second] = [one[name], other[name]];
      const both = isProperties(first) && isProperties(second);
      return [name, both ? united(first, second) : (first ?? second ?? {})];
    }),
  );
}

/**
 * The official plug-in's message if another manager owns a field that the update would change.
 * @param id the object's id, such as `shop/web`
 * @param refusal the API's own message, which names fields and managers
 */
export function conflictMessage(id: string, fieldManager: string, refusal: string): string {
  return `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: server-side apply field conflict detected: the resource managed by field manager "${fieldManager}" had an apply conflict: ${refusal}`;
}
