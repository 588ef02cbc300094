/** The texts of a report, the same in every form. */
import { describeExpected, describeObserved, isReceivedAnyway, unmarkedIn } from "../judge";
import type { JudgedCell, Verdict } from "../judge";
import { isProven } from "../verify";
import { type Observed, serviceTime } from "../probes/observed";
import type { Report } from "../verify";
import { unique } from "./matrix";

/** Where a cell is: `from a pod as cart, anonymous → orders`. */
export function whereIs({ vantage, viewer, target }: JudgedCell): string {
  return `${vantage}, ${viewer} → ${target}`;
}

/** What was expected and what came: `expected 200, got 403 RBAC: access denied`. */
export function outcomeOf(cell: JudgedCell): string {
  const { expected, observed } = cell;
  const got =
    observed === undefined ? "nothing: not tried" : `got ${describeObserved(observed, expected)}`;
  const anyway = isReceivedAnyway(cell) ? `, but ${receivedIn(cell)}` : "";
  return `expected ${describeExpected(expected)}, ${got}${anyway}`;
}

/** By which services it was received: `received by orders`. */
export function receivedIn({ receivedBy = [] }: JudgedCell): string {
  return `received by ${listed(receivedBy)}`;
}

/** What each verdict means. */
export const verdicts: Readonly<Record<Verdict, string>> = {
  same: "as asked for",
  different: "different",
  unproven: "refused as expected, but no permitted request was answered there: no proof",
  "cannot be told apart": "cannot be told apart: neither a difference nor a proof",
  "not tried": "not tried: there is no token to try it with",
};

/** What a cell's ★ means: the parts that are expected in these cells' answers, by name. Undefined: there are none. */
export function partsIn(cells: readonly JudgedCell[]): string | undefined {
  const names = cells.flatMap(({ expected: { part } }) => (part?.isPresent ? part.name : []));
  return names.length === 0 ? undefined : `with ${unique(names).join(" or ")}`;
}

/** Names in a list; they may hold commas. */
export function listed(names: readonly string[]): string {
  return names.join(" · ");
}

const enforced = "The mesh enforces the table";

/** The report in one sentence. */
export function sentence(report: Report): string {
  const { cannotBeToldApart } = report.summary;
  if (isProven(report))
    return cannotBeToldApart === 0
      ? enforced
      : `${enforced}, but ${counted(cannotBeToldApart, "cell")} cannot be told apart`;
  if (report.summary.differences > 0) return "The mesh does not enforce the table";
  return report.findings.unexplained.length > 0
    ? "There is more than the stack explains"
    : "Not proven: refusals without a control";
}

/** `1555 cells, 0 differences, 0 not tried`; findings are counted where there are any. */
export function counts({ summary, findings }: Report): string {
  const { cells, differences, unproven, cannotBeToldApart, notTried } = summary;
  const unexplained = findings.unexplained.length;
  return [
    counted(cells, "cell"),
    counted(differences, "difference"),
    ...(unexplained > 0 ? [counted(unexplained, "finding")] : []),
    ...(unproven > 0 ? [`${unproven} unproven`] : []),
    ...(cannotBeToldApart > 0 ? [`${cannotBeToldApart} cannot be told apart`] : []),
    `${notTried} not tried`,
  ].join(", ");
}

export function counted(count: number, noun: string, several = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : several}`;
}

/** Something that is wrong, and what is known about it: `found`, `seen`, `fix`. */
export interface Block {
  readonly name: string;
  readonly lines: readonly (readonly [what: string, words: string])[];
}

/** Each object that the stack does not explain once, with everything that it opens. */
export function findingBlocks({ unexplained }: Report["findings"]): readonly Block[] {
  return [...Map.groupBy(unexplained, ({ object }) => object)].map(([name, its]) => {
    const lines = its.flatMap(({ opens, seen, undo }) => [
      ["found", opens] as const,
      ...(seen === undefined ? [] : [["seen", seen] as const]),
      ["fix", undo] as const,
    ]);
    return { name, lines: [...new Map(lines.map((line) => [line.join(), line])).values()] };
  });
}

function needOf({ needs = "a token" }: JudgedCell): string {
  return needs;
}

/** Each finding in words: the object, what it opens, the request that showed it, and what undoes it. */
export function findingLines({ unexplained }: Report["findings"]): readonly string[] {
  return unexplained.map(
    ({ object, opens, seen, undo }) =>
      `${object}: ${opens}.${seen === undefined ? "" : ` Seen: ${seen}.`} To fix it: ${undo}`,
  );
}

/** What the services' logs show of the refusals; nothing, if no service records what it receives. */
function recordLines({ records }: Report): readonly string[] {
  const { services, refused, received, answered, missing, notRead } = records;
  const absent = Object.values(missing).reduce((sum, count) => sum + count, 0);
  const where = Object.entries(missing).map(([service, count]) => `${service} ${count}`);
  const [unread] = notRead;
  const ofThem = listed(unique(notRead.map(({ service }) => service)));
  return [
    ...(services.length === 0
      ? []
      : [
          `Of ${counted(refused, "refused request")} ${received === 0 ? "none" : received} reached a service, by the logs of ${listed(services)}.`,
        ]),
    ...(absent === 0
      ? []
      : [
          `Incomplete: of ${counted(answered, "answered request")} ${absent} are not in these logs either (${listed(where)}).`,
        ]),
    ...(unread === undefined ? [] : [`Not read: what ${ofThem} received (${unread.reason}).`]),
  ];
}

/** What cannot be told apart, and what to write in the table so that it can: a line for each place to write it. */
function apartLines(cells: readonly JudgedCell[]): readonly string[] {
  const apart = cells.filter(({ verdict }) => verdict === "cannot be told apart");
  const byPlace = Map.groupBy(apart, ({ expected: { passing } }) =>
    JSON.stringify([passing?.by, passing?.entry]),
  );
  return [...byPlace.values()].map((its) => {
    const { by = "", entry, onRefusal } = its[0]?.expected.passing ?? {};
    const found = unique(its.map(({ observed }) => (observed ? describeAnswer(observed) : "")));
    const field = entry === undefined ? `services.${by}` : `requests[${JSON.stringify(entry)}]`;
    const targets = unique(its.map(({ target }) => target));
    const more = targets.length - fewTargets;
    const places = listed([...targets.slice(0, fewTargets), ...(more > 0 ? [`${more} more`] : [])]);
    const advice =
      onRefusal === undefined
        ? `Write onRefusal in ${field}: "same status", "unchanged", or the status and a text by which it is known: { status, body }.`
        : `Have ${by} log x-verify-request, so that its log tells.`;
    return `?, cannot be told apart (${counted(its.length, "cell")}): ${by} answers ${places} with ${listed(found)}, and nothing tells whether a service behind it has refused. ${advice}`;
  });
}

/** So many targets are named. */
const fewTargets = 3;

function describeAnswer(observed: Observed): string {
  return "status" in observed ? String(observed.status) : describeObserved(observed);
}

/** Where a redirect or a refusal of the mesh's, in words that are not known, would count as a service's answer. */
function unmarkedLines(cells: readonly JudgedCell[]): readonly string[] {
  const places = unmarkedIn(cells);
  return places.length === 0
    ? []
    : [
        `Told by the words alone, as no answer has ${serviceTime}: what the services answer through ${listed(places)}.`,
      ];
}

/** Requirements that each viewer that was tried meets or fails alike: had one the other's rule, no request would show it. */
function alikeLine({ alike }: Report): readonly string[] {
  if (alike.length === 0) return [];
  const groups = alike.map((names) => names.join(" = "));
  return [
    `Each user, machine and token of this run meets these requirements alike: ${listed(groups)}. No request shows which of them a service asks for: add a user or machine that meets only one.`,
  ];
}

/** The results of a table's cells: `as expected`, or `9 differ, 33 unproven`. */
export function faring(cells: readonly JudgedCell[]): string {
  const count = (verdict: Verdict) => cells.filter((cell) => cell.verdict === verdict).length;
  const different = count("different");
  const parts = [
    ...(different > 0 ? [`${different} ${different === 1 ? "differs" : "differ"}`] : []),
    ...(["unproven", "cannot be told apart", "not tried"] as const).flatMap((verdict) =>
      count(verdict) > 0 ? [`${count(verdict)} ${verdict}`] : [],
    ),
  ];
  return parts.length === 0 ? "as expected" : parts.join(", ");
}

/**
 * Whether the stack explains everything in the cluster, and what the marks in the tables mean.
 * @param shown the cells of the tables that are shown
 */
export function remarks(report: Report, shown = report.cells): readonly string[] {
  const { summary, findings, cells } = report;
  const untried = cells.filter(({ verdict }) => verdict === "not tried");
  const needs = unique(untried.map(needOf));
  const parts = partsIn(shown);
  return [
    ...(findings.unexplained.length === 0
      ? [
          `The ${counted(findings.asked, "object")} of Istio's that the stack asks for are there, and nothing else was found.`,
        ]
      : []),
    ...findings.accepted.map(
      ({ object, opens, accepted = "" }) => `Accepted: ${object}: ${opens} (${accepted}).`,
    ),
    ...findings.unused.map(
      (object) => `Accepted, but not found: ${object}. Remove it from accepted.`,
    ),
    ...findings.notCovered.map((what) => `Not covered: ${what}.`),
    ...findings.notRead,
    ...recordLines(report),
    ...(parts === undefined ? [] : [`★: ${parts}.`]),
    ...(shown.some(({ verdict }) => verdict === "different")
      ? ["≠: expected, then observed."]
      : []),
    ...(summary.unproven > 0 ? [`(…), unproven: ${verdicts.unproven}.`] : []),
    ...apartLines(cells),
    ...unmarkedLines(cells),
    ...alikeLine(report),
    ...needs.map((need) => {
      const viewers = untried.filter((cell) => needOf(cell) === need).map(({ viewer }) => viewer);
      return `–: not tried, needs ${need}: ${listed(unique(viewers))}.`;
    }),
  ];
}
