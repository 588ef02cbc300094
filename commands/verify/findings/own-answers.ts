/** Where a service itself is why a request is not answered as expected, as other requests of the same run show. */
import { withoutQuery } from "../../../components/access/proof";
import { type Application, podLabels, serviceOf } from "../../../components/application";
import { matches, refusalOf } from "../judge";
import type { PlannedCell } from "../plan/cells";
import { isPermitted } from "../plan/expectations";
import { usualOf } from "../plan/usual";
import { type Observed, serviceTime } from "../probes/observed";
import type { Fault } from "./faults";
import { labelsText } from "./workloads";

type SentCell = Pick<PlannedCell, "target" | "expected"> & {
  readonly viewer: Pick<PlannedCell["viewer"], "name">;
};

/** What came back, by the cell. */
type Answers = ReadonlyMap<SentCell, Observed>;

/**
 * Finds the services that answer so themselves: a request goes on from each to the next, and the next one answers the
 * same viewer as it has to, asked from a pod that is the first. No policy is in the way then.
 * @returns what it is for a cell; undefined where that is not known, as where no such request was sent
 */
export function ownAnswers(
  application: Application,
  answers: Answers,
): (cell: SentCell) => Fault | undefined {
  const asExpected = new Set(
    [...answers].flatMap(([{ target, viewer, expected }, observed]) => {
      const { caller, through } = target.way;
      const isDirect = through.length === 1 && matches(expected, observed);
      return isDirect ? [keyOf(viewer.name, caller, through[0], target)] : [];
    }),
  );
  return (cell) => {
    const { target, viewer, expected } = cell;
    const { asks } = target.way;
    const part = target.part?.from;
    const through = [...target.way.through, ...(typeof part === "string" ? [part] : [])];
    const observed = answers.get(cell);
    const goesOn = isPermitted(expected) || expected.refusal === "passed on";
    if (through.length === 1 || !goesOn) return undefined;
    // Without the header, and with the mesh's own words, a proxy has answered.
    if (observed === undefined || !("status" in observed) || !(serviceTime in observed.headers))
      return undefined;
    if (matches(expected, observed) || refusalOf(observed) !== undefined) return undefined;
    const hops = through.slice(1).map((callee, at) => ({ from: through[at] ?? "", callee }));
    const isInTheWay = hops.some(({ from, callee }) => {
      const access = serviceOf(application, callee);
      const asked = asks?.[callee] ?? usualOf(access, access.protocol);
      return asked === undefined || !asExpected.has(keyOf(viewer.name, from, callee, asked));
    });
    return isInTheWay ? undefined : { ...faultOf(application, hops), isOwnAnswer: true };
  };
}

function keyOf(
  viewer: string,
  caller: string,
  callee: string,
  { method = "GET", path }: { readonly method?: string; readonly path: string },
): string {
  return JSON.stringify([viewer, caller, callee, method, withoutQuery(path)]);
}

function faultOf(
  application: Application,
  hops: readonly { readonly from: string; readonly callee: string }[],
): Fault {
  const { namespace } = application;
  const seen = hops.map(({ from, callee }) => `${callee}, asked from a pod as ${from}`);
  const [answer, they] = hops.length === 1 ? ["answers", "it has"] : ["answer", "they have"];
  const addresses = hops.map(({ callee }) => `${callee}:${serviceOf(application, callee).port}`);
  const callers = hops.map(({ from }) => from);
  const logs = callers.map(
    (service) =>
      `kubectl -n ${namespace} logs --tail=100 -l ${labelsText(podLabels(application, service))}`,
  );
  return {
    service: callers.join(", "),
    words: `no policy is in the way: ${seen.join(", and ")}, ${answer} the same viewers as ${they} to. Check that ${callers.join(" and ")} ${hops.length === 1 ? "calls" : "call"} ${addresses.join(" and ")} with the request's header authorization; see ${logs.join(" and ")}`,
  };
}
