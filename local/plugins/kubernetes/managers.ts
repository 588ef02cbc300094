/** Who owns which fields of an object, where server-side apply lets each manager change its own only. */
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

/** The entries of an object; none where it has no `metadata.managedFields`. */
export function managersOf(metadata: Properties): ManagerEntry[] {
  return z.array(entrySchema).default([]).parse(metadata.managedFields);
}

/**
 * Whose fields an update takes over: those of kubectl's commands, which a person has run, and of plug-ins that did not
 * apply on the server. As in the official plug-in, a name's beginning counts: `kubectl-edit`, too.
 */
const takenOver: readonly { name: string; operation: ManagerEntry["operation"] }[] = [
  { name: "kubectl", operation: "Apply" },
  { name: "kubectl", operation: "Update" },
  { name: "before-first-apply", operation: "Update" },
  { name: "pulumi-kubernetes", operation: "Update" },
  { name: "pulumi-resource-kubernetes", operation: "Update" },
];

/** What is changed through a subresource, as by `kubectl scale`, stays its manager's. */
function isTakenOver({ manager, operation, subresource }: ManagerEntry): boolean {
  return (
    subresource === "" &&
    takenOver.some((one) => manager.startsWith(one.name) && operation === one.operation)
  );
}

/**
 * The entries once `fieldManager` has taken over what an update takes over; undefined where that is nothing.
 * What it owns then and does not apply, the API removes.
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

/** The fields of both: an object's fields are the names of an object again. */
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
 * What the official plug-in says where another manager owns a field that the update would change.
 * @param id the object's, as `shop/web`
 * @param refusal the API's own words, which name fields and managers
 */
export function conflictMessage(id: string, fieldManager: string, refusal: string): string {
  return `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: server-side apply field conflict detected: the resource managed by field manager "${fieldManager}" had an apply conflict: ${refusal}`;
}
