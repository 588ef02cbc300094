/** Where a service itself is why a request is not answered as expected, as other requests of the same run show. */
import { withoutQuery } from "../../../components/access/proof";
import { type Application, podLabels, serviceOf } from "../../../components/application";
import { matches, refusalOf } from "../judge";
import type { PlannedCell } from "../plan/cells";
import { isPermitted } from "../plan/expectations";
import { usualOf } from "../plan/usual";
import { type Answer, type Observed, serviceTime } from "../probes/observed";
import type { Fault } from "./faults";
import { labelsText } from "./workloads";

type SentCell = Pick<PlannedCell, "target" | "expected"> & {
  readonly viewer: Pick<PlannedCell["viewer"], "name">;
};

/** What came back, by the cell. */
type Answers = ReadonlyMap<SentCell, Observed>;

/** How a service answered what it was asked directly. */
type Direct = "as expected" | "its own answer" | "another";

/**
 * Finds the services that answer so themselves: a request goes on from each to the next, and the next one answers the
 * same viewer as it has to, asked from a pod that is the first. No policy is in the way then. Where one of several also
 * fails by itself when it is asked directly, the fault is its own, or that of a service after it.
 * @returns what it is for a cell; undefined where that is not known, as where no such request was sent
 */
export function ownAnswers(
  application: Application,
  answers: Answers,
): (cell: SentCell) => Fault | undefined {
  const directly = directAnswers(answers);
  return (cell) => {
    const { target, viewer, expected } = cell;
    const { asks } = target.way;
    const part = target.part?.from;
    const through = [...target.way.through, ...(typeof part === "string" ? [part] : [])];
    const observed = answers.get(cell);
    const goesOn = isPermitted(expected) || expected.refusal === "passed on";
    if (through.length === 1 || !goesOn) return undefined;
    if (!isOwn(observed) || matches(expected, observed)) return undefined;
    const hops = through.slice(1).map((callee, at) => ({ from: through[at] ?? "", callee }));
    const found = hops.map(({ from, callee }) => {
      const access = serviceOf(application, callee);
      const asked = asks?.[callee] ?? usualOf(access, access.protocol);
      return asked && directly.get(keyOf(viewer.name, from, callee, asked));
    });
    if (found.some((one) => one === undefined || one === "another")) return undefined;
    const after = hops.slice(found.lastIndexOf("its own answer") + 1);
    return after.length === 0 ? undefined : { ...faultOf(application, after), isOwnAnswer: true };
  };
}

/** Whether a service has answered: without this header, or in the mesh's own words, a proxy has. */
const isOwn = (observed: Observed | undefined): observed is Answer =>
  observed !== undefined &&
  "status" in observed &&
  serviceTime in observed.headers &&
  refusalOf(observed) === undefined;

/** What was asked several times, such as of an operation and in general, counts as the worst of the answers. */
function directAnswers(answers: Answers): ReadonlyMap<string, Direct> {
  const found = new Map<string, Direct>();
  for (const [{ target, viewer, expected }, observed] of answers) {
    const { caller, through } = target.way;
    const key = keyOf(viewer.name, caller, through[0], target);
    const before = found.get(key);
    if (through.length > 1 || before === "another") continue;
    if (matches(expected, observed)) found.set(key, before ?? "as expected");
    else found.set(key, isOwn(observed) ? "its own answer" : "another");
  }
  return found;
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
  const [answer, they, call] =
    hops.length === 1 ? ["answers", "it has", "calls"] : ["answer", "they have", "call"];
  const addresses = hops.map(({ callee }) => `${callee}:${serviceOf(application, callee).port}`);
  const callers = hops.map(({ from }) => from);
  const logs = callers.map(
    (service) =>
      `kubectl -n ${namespace} logs --tail=100 -l ${labelsText(podLabels(application, service))}`,
  );
  return {
    service: callers.join(", "),
    words: `no policy is in the way: ${seen.join(", and ")}, ${answer} the same viewers as ${they} to. Check that ${callers.join(" and ")} ${call} ${addresses.join(" and ")} with the request's header authorization; see ${logs.join(" and ")}`,
  };
}
