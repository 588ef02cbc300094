/** The answer as text: the token's claims, a table of verdicts, and the reason for each. */
import { styleText } from "node:util";
import { columnLine } from "../../lib/columns";
import { spacedTable } from "../../lib/tables";
import type { Line } from "./description";
import type { WayDecision } from "./way";
import type { NamedWay } from "./ways";

export interface Verdict {
  readonly way: NamedWay;
  readonly decision: WayDecision;
  /** The row of the table that is about the request; undefined where the gateway alone is asked. */
  readonly row: string | undefined;
  /** Why a request that is allowed reaches no service all the same. */
  readonly fault: string | undefined;
}

export interface Explanation {
  /** undefined: the request is anonymous. */
  readonly token: readonly Line[] | undefined;
  readonly warnings: readonly string[];
  readonly verdicts: readonly Verdict[];
}

/** No line is wider, as long as its words can be separated. */
const width = 100;

export function renderExplanation(
  { token, warnings, verdicts }: Explanation,
  { colour }: { readonly colour: boolean },
): string {
  const bold = (text: string) =>
    colour ? styleText("bold", text, { validateStream: false }) : text;
  const parts = [
    token === undefined
      ? "No token: an anonymous request."
      : [bold("Token"), ...aligned(token)].join("\n"),
    warnings.map((warning) => wrapped(warning, "! ", "  ")).join("\n"),
    table(verdicts),
    ...verdicts.map((verdict) => reason(verdict, bold)),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function aligned(lines: readonly Line[]): readonly string[] {
  const longest = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => {
    const lead = columnLine(["", name, ""], [0, longest]);
    return wrapped(value, lead, " ".repeat(lead.length));
  });
}

function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ way: { workload, through }, decision, fault }) => [
    workload,
    through.join(" → "),
    decision.outcome,
    fault === undefined ? statusOf(decision) : "not reached",
    decision.message ?? "",
  ]);
  return spacedTable(rows, {
    head: ["service", "called by", "verdict", "status", "the mesh says"],
  });
}

/** The status; a service behind the first one passes on the status of its own request. */
function statusOf({ outcome, status }: WayDecision): string {
  return outcome === "allowed" ? "the service's" : String(status ?? "?");
}

function reason({ way, decision, row, fault }: Verdict, bold: (text: string) => string): string {
  const { outcome, decidedBy, because, change, hop } = decision;
  const where = hop === way.service ? "" : `, at ${hop}`;
  const lines: Line[] = [
    ...(row === undefined ? [] : [["in the table", row] as const]),
    ["decided by", decidedBy],
    ["why", because],
    ...(fault === undefined ? [] : [["but", fault] as const]),
    ...(change === undefined ? [] : [["change", change] as const]),
  ];
  return [`${bold(way.workload)}: ${outcome}${where}`, ...aligned(lines)].join("\n");
}

function wrapped(text: string, first: string, next: string): string {
  const lines = [first];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const isStart = line === first || line === next;
    if (!isStart && line.length + 1 + word.length > width) lines.push(next + word);
    else lines[lines.length - 1] = isStart ? line + word : `${line} ${word}`;
  }
  return lines.join("\n");
}
