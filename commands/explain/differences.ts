/** Where the mesh is not as the stack asks: policies that are missing, changed, or not the stack's. */
import type { Application } from "../../components/application";
import { objectsAskedOf } from "../stack/asked";
import { differencesFrom } from "../stack/differences";
import type { LiveObject } from "../stack/objects";
import type { StackOutputs } from "../stack/outputs";

/** What explain reads: the kinds that decide about requests. */
export const securityKinds = [
  "PeerAuthentication",
  "RequestAuthentication",
  "AuthorizationPolicy",
] as const;

/**
 * Each object that differs, in one line with what puts it right. What the team accepts is left out.
 * @param found the objects of these kinds, of any namespace
 */
export function differencesIn(
  application: Application,
  outputs: StackOutputs,
  found: readonly LiveObject[],
): readonly string[] {
  const asked = objectsAskedOf(application, outputs);
  const ofKinds = Object.fromEntries(securityKinds.map((kind) => [kind, asked[kind] ?? []]));
  const accepted = outputs.accepted.map(({ object }) => object);
  return differencesFrom(application, ofKinds, found)
    .filter(({ object }) => !accepted.includes(object))
    .map(
      ({ object, opens, undo }) =>
        `The mesh is not as the stack asks. ${object}: ${opens}. Put it right: ${undo}`,
    );
}
