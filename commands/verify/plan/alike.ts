/** Which of the table's requirements the viewers cannot tell apart: each viewer meets both, or neither. */
import { inWords, keyOf } from "../../../components/access/requirement";
import { rowsOf } from "../../../components/access/rows";
import type { Application } from "../../../components/application";
import { satisfies } from "./expectations";
import type { Viewer } from "./viewers";

/** Groups of requirements that all of these viewers meet or fail together, in words. */
export function alikeFor(
  { services }: Pick<Application, "services">,
  viewers: readonly Pick<Viewer, "credential">[],
): readonly (readonly string[])[] {
  const asked = Object.values(services)
    // A connection carries no token: no viewer has a part in it.
    .filter(({ protocol }) => protocol !== "tcp")
    .flatMap(rowsOf)
    .map(({ requires }) => requires);
  const each = [...new Map(asked.map((requires) => [keyOf(requires), requires])).values()];
  const groups = Map.groupBy(each, (requires) =>
    JSON.stringify(viewers.map(({ credential }) => satisfies(credential, requires))),
  );
  return [...groups.values()].filter(({ length }) => length > 1).map((its) => its.map(inWords));
}
