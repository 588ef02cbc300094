/** The report as JSON, for programs. */
import type { CellRequest } from "../plan/cells";
import { describeExpected } from "../judge";
import type { Decision } from "../../explain/facts";
import type { JudgedCell, Verdict } from "../judge";
import type { Expected } from "../plan/expectations";
import type { Observed } from "../probes/observed";
import { isProven } from "../verify";
import type { Report } from "../verify";

/** What `--json` writes. A change that breaks a reader of version 5 makes it version 6. */
export interface JsonReport {
  readonly version: 5;
  readonly gatewayUrl: string;
  readonly issuer: string;
  /** ISO 8601, in UTC. */
  readonly startedAt: string;
  /** Whether no cell differs, the stack explains all that is there, and no refusal lacks its control: exit code 0. */
  readonly proven: boolean;
  readonly summary: Report["summary"];
  /** What the cluster or the tenant has and the stack does not explain. */
  readonly findings: Report["findings"];
  /** Requirements that no viewer tells apart, each group in the table's words. */
  readonly alike: Report["alike"];
  /** What the services' logs show of the requests. */
  readonly records: Report["records"];
  readonly cells: readonly JsonCell[];
}

/** One request. */
export interface JsonCell {
  /** The vantage point. */
  readonly vantage: string;
  /** The viewer, or the bad token. */
  readonly viewer: string;
  /** The table's column: a service, one version of it, or one of its paths. */
  readonly target: string;
  readonly service: string;
  /** As it was sent; each token is replaced by `[token of NAME]`. */
  readonly request: CellRequest;
  /** `text` has it in words; the other fields are for programs. */
  readonly expected: Omit<Expected, "part"> & {
    /** A part that the answer has or lacks, such as a rating from another service; absent if verify looks for none. */
    readonly part?: Omit<NonNullable<Expected["part"]>, "body">;
    readonly text: string;
  };
  /** The answer, `bytes` if it came over TCP, or `error` if there was none; null if it was not tried. */
  readonly observed: Observed | null;
  readonly verdict: Verdict;
  /** The policy that decides; absent if that was not evaluated. */
  readonly decision?: Decision;
  /** The services in whose logs the request is; absent if it is in none. */
  readonly receivedBy?: readonly string[];
}

function expectedOf({ part, ...expected }: Expected): JsonCell["expected"] {
  return {
    ...expected,
    ...(part && { part: { name: part.name, isPresent: part.isPresent } }),
    text: describeExpected({ ...expected, part }),
  };
}

function jsonCell({
  vantage,
  viewer,
  target,
  service,
  request,
  expected,
  observed,
  verdict,
  decision,
  receivedBy,
}: JudgedCell): JsonCell {
  return {
    vantage,
    viewer,
    target,
    service,
    request,
    expected: expectedOf(expected),
    observed: observed ?? null,
    verdict,
    ...(decision && { decision }),
    ...(receivedBy && { receivedBy }),
  };
}

export function renderJson(report: Report): string {
  const { gatewayUrl, issuer, startedAt, summary, findings, alike, records } = report;
  const document: JsonReport = {
    version: 5,
    gatewayUrl,
    issuer,
    startedAt,
    proven: isProven(report),
    summary,
    findings,
    alike,
    records,
    cells: report.cells.map(jsonCell),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
