/** The differences, grouped by cause: one wrong policy appears in many cells. */
import { isPermitted, isTokenRefusal } from "../plan/expectations";
import type { Expected } from "../plan/expectations";
import {
  describeExpected,
  describeObserved,
  isReceivedAnyway,
  refusalOf,
  unmarkedWords,
} from "../judge";
import type { Decision } from "../../explain/facts";
import type { JudgedCell } from "../judge";
import type { Observed } from "../probes/observed";
import type { Report } from "../verify";
import { unique } from "./matrix";
import { listed, receivedIn } from "./words";
import type { Block } from "./words";

/** Cells that differ in the same way, and for the same reason as far as the cluster's policies show. */
export interface Cause extends Block {
  /** What they have in common: `Permitted, but refused: orders`. */
  readonly name: string;
  /** `expected`, `got`, `why` or `decided by`, and `asked` for the viewers of the same targets. */
  readonly lines: Block["lines"];
  readonly cells: readonly JudgedCell[];
}

/** The causes; the one with the most cells is first. */
export function causesOf({ cells }: Report): readonly Cause[] {
  const different = cells.filter(({ verdict }) => verdict === "different");
  const everywhere = Map.groupBy(cells, ({ vantage }) => vantage);
  const groups = Map.groupBy(different, (cell) => JSON.stringify(symptomOf(cell)));
  return [...groups.values()]
    .map((its) => causeOf(its, everywhere))
    .sort((one, other) => other.cells.length - one.cells.length);
}

type ByVantage = ReadonlyMap<string, readonly JudgedCell[]>;

function causeOf(its: readonly JudgedCell[], everywhere: ByVantage): Cause {
  const symptoms = its.map((cell) => ({ service: cell.service, ...symptomOf(cell) }));
  const services = symptoms.flatMap(({ where, service }) => (where === undefined ? [] : service));
  const what = unique(symptoms.map((symptom) => symptom.what)).join();
  const faults = unique(symptoms.flatMap(({ fault }) => fault ?? []));
  const deciding = unique(symptoms.flatMap(({ rule }) => rule ?? []));
  const byVantage = Map.groupBy(its, ({ vantage }) => vantage);
  return {
    name: services.length === 0 ? what : `${what}: ${listed(unique(services))}`,
    lines: [
      ["expected", someOf(its.map(({ expected }) => describeExpected(expected)))],
      ["got", someOf(its.map(gotOf))],
      ...faults.map((fault) => ["why", fault] as const),
      ...(deciding.length === 0 ? [] : [["decided by", someOf(deciding)] as const]),
      ...[...byVantage].flatMap(([vantage, here]) =>
        requestsFrom(vantage, here, everywhere.get(vantage) ?? here),
      ),
    ],
    cells: its,
  };
}

/** What is wrong with a cell. */
interface Symptom {
  readonly what: string;
  /** What explains the answer, otherwise the service; absent if neither is the cause. */
  readonly where?: string;
  /** The service that is named. Default: the cell's. */
  readonly service?: string;
  /** The policy's rule that explains the answer. */
  readonly rule?: string;
  /** What is wrong with a Service, or with what a service does itself, and explains the answer. */
  readonly fault?: string;
}

function symptomOf(cell: JudgedCell): Symptom {
  const { expected, observed, service, fault } = cell;
  const { refusal } = expected;
  if (isReceivedAnyway(cell)) return { what: `Refused, but ${receivedIn(cell)}` };
  if (fault !== undefined) {
    const what = fault.isOwnAnswer ? "Answered otherwise by the service itself" : "Not reached";
    return { what, where: fault.words, service: fault.service, fault: fault.words };
  }
  if (isTokenRefusal(refusal)) return { what: "Bad tokens are not refused as they have to be" };
  if (refusal === "reset") return { what: "Connections are not reset" };
  const byAccess = isPermitted(expected) || refusal === "access denied" || refusal === "passed on";
  if (!byAccess) return { what: `Not answered with ${describeExpected(expected)}` };
  if (observed === undefined || "error" in observed) return { what: "No answer", where: service };
  if (isTokenRefusal(refusalOf(observed))) return { what: "Good tokens are refused" };
  if ("status" in observed && observed.status >= 500) return { what: "Errors", where: service };
  const rule = ruleOf(cell.decision, observed);
  const what = accessSymptom(expected, observed);
  return rule === undefined ? { what, where: service } : { what, where: rule, rule };
}

function accessSymptom(expected: Expected, observed: Observed): string {
  const letIn = isLetIn(observed);
  if (letIn === isPermitted(expected)) return "Another answer than expected";
  return letIn ? "Not permitted, but let in" : "Permitted, but refused";
}

/** A service's own 401 or 403 passes on a refusal of the service behind it. */
function isLetIn(observed: Observed): boolean {
  if (!("status" in observed)) return "bytes" in observed;
  return refusalOf(observed) === undefined && ![401, 403].includes(observed.status);
}

/** The policy that decides about the request in the cluster, if the answer matches its decision. */
function ruleOf(decision: Decision | undefined, observed: Observed): string | undefined {
  if (decision === undefined || decision.outcome === "not known") return undefined;
  const isAllowed = decision.outcome === "allowed";
  return isAllowed === isLetIn(observed) ? decision.decidedBy : undefined;
}

/** A service's own text differs from cell to cell; if the status differs, that is enough. */
function gotOf({ expected, observed }: JudgedCell): string {
  if (observed === undefined) return "nothing";
  if (!("status" in observed) || refusalOf(observed) !== undefined)
    return describeObserved(observed, expected);
  const { status } = observed;
  return status === expected.status
    ? describeObserved(observed, expected)
    : `${status}${unmarkedWords(expected, observed)}`;
}

/** Viewers that differ at the same targets share a line. */
function requestsFrom(
  vantage: string,
  its: readonly JudgedCell[],
  all: readonly JudgedCell[],
): Block["lines"] {
  const alike = Map.groupBy([...Map.groupBy(its, ({ viewer }) => viewer)], ([, cells]) =>
    JSON.stringify(cells.map(({ target }) => target)),
  );
  return [...alike.values()].map((group) => {
    const cells = group.flatMap(([, those]) => those);
    const named = (kind: "viewer" | "target") => {
      const names = unique(cells.map((cell) => cell[kind]));
      const isAll = names.length === unique(all.map((cell) => cell[kind])).length;
      return isAll && names.length > few ? `all ${names.length} ${kind}s` : someOf(names);
    };
    return ["asked", `${vantage}: ${named("viewer")} → ${named("target")}`];
  });
}

/** So many are named one by one, even if they are all. */
const few = 3;
/** Of more than these only the first are named. */
const most = 5;

function someOf(names: readonly string[]): string {
  const all = unique(names);
  const more = all.length - most;
  return listed(more > 1 ? [...all.slice(0, most), `${more} more`] : all);
}
