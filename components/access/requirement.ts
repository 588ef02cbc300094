/** What a request must carry, and which permissions are enough for it. */

/**
 * What a request must carry: nothing (`public`), any valid token of the issuer (`signedIn`), or a token that holds this
 * permission, all of some, or one of several.
 */
export type Requirement<Permission extends string = string> =
  "public" | "signedIn" | Permission | AllOf<Permission> | AnyOf<Permission>;

/** Every one of these permissions. */
export interface AllOf<Permission extends string = string> {
  readonly allOf: readonly Permission[];
}

/** One of these, each of which is enough. */
export interface AnyOf<Permission extends string = string> {
  readonly anyOf: readonly (Permission | AllOf<Permission>)[];
}

/** What is no permission's name. */
export const reservedRequirements: readonly string[] = ["public", "signedIn"];

/** The permissions that are enough: each list is one alternative, of permissions that are all needed. */
export function alternativesOf(requirement: Requirement): readonly (readonly string[])[] {
  if (typeof requirement !== "string" && "anyOf" in requirement)
    return withoutNeedless(requirement.anyOf.flatMap(alternativesOf));
  if (typeof requirement !== "string") return [[...new Set(requirement.allOf)]];
  return [reservedRequirements.includes(requirement) ? [] : [requirement]];
}

/** Without those that ask for all that another asks for, and perhaps for more. */
function withoutNeedless(
  alternatives: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const isWithin = (some: readonly string[], others: readonly string[]) =>
    some.every((each) => others.includes(each));
  return alternatives.filter(
    (one, position) =>
      !alternatives.some(
        (other, index) =>
          index !== position && isWithin(other, one) && (index < position || !isWithin(one, other)),
      ),
  );
}

/** Each permission that the requirement names, once. */
export function permissionsIn(requirement: Requirement): readonly string[] {
  return [...new Set(alternativesOf(requirement).flat())];
}

/** Whether a token with these permissions is enough. */
export function isEnough(requirement: Requirement, permissions: readonly string[]): boolean {
  return alternativesOf(requirement).some((all) => all.every((each) => permissions.includes(each)));
}

/** `read:orders and write:orders, or admin:orders`. */
export const inWords = (requires: Requirement): string =>
  requires === "public" || requires === "signedIn"
    ? requires
    : alternativesOf(requires)
        .map((all) => all.join(" and "))
        .join(", or ");

/** The same text for requirements that ask for the same. */
export function keyOf(requirement: Requirement): string {
  if (requirement === "public") return requirement;
  const alternatives = alternativesOf(requirement).map((all) => JSON.stringify([...all].sort()));
  return alternatives.sort().join();
}
