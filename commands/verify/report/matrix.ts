/** The cells as tables, one for each vantage point, for every form of the report. */
import { isReceivedAnyway, type JudgedCell } from "../judge";
import type { Observed } from "../probes/observed";
import { forgedControl } from "../tokens/token-classes";
import type { Report } from "../verify";

/** One line of a table; it has several names if their results are the same. */
export interface Row {
  readonly names: readonly string[];
  /** In the columns' order; `undefined` where nothing is sent. */
  readonly cells: readonly (JudgedCell | undefined)[];
}

export interface Matrix {
  readonly vantage: string;
  readonly title: string;
  /** Whether the rows are targets and the columns viewers, because there are more targets. */
  readonly turned: boolean;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** All of them, in the order of the report. */
  readonly cells: readonly JudgedCell[];
}

/** One table for each vantage point, each viewer in a row of its own. */
export function matrices({ cells, gatewayUrl }: Report): readonly Matrix[] {
  const byVantage = Map.groupBy(cells, ({ vantage }) => vantage);
  return [...byVantage].map(([vantage, its], position) =>
    matrixOf(vantage, position === 0 ? `${vantage}, ${gatewayUrl}` : vantage, its),
  );
}

function matrixOf(vantage: string, title: string, cells: readonly JudgedCell[]): Matrix {
  const viewers = unique(cells.map(({ viewer }) => viewer));
  const targets = unique(cells.map(({ target }) => target));
  const turned = targets.length > viewers.length;
  const place = (row: string, column: string) => JSON.stringify([row, column]);
  const placed = new Map(
    cells.map((cell) => {
      const { viewer, target } = cell;
      return [turned ? place(target, viewer) : place(viewer, target), cell];
    }),
  );
  const columns = turned ? viewers : targets;
  const rows = (turned ? targets : viewers).map((name) => ({
    names: [name],
    cells: columns.map((column) => placed.get(place(name, column))),
  }));
  return { vantage, title: capitalized(title), turned, columns, rows, cells };
}

/** How many neighbours need the same results to share one row in the first table. */
const neighbours = 6;
/** How many need the same results to share one row in every other table, in any place. */
const anywhere = 3;

/** The same tables; rows with the same results and without a difference are merged. */
export function merged(tables: readonly Matrix[]): readonly Matrix[] {
  return tables.map((matrix, position) => ({
    ...matrix,
    rows:
      position === 0 ? mergedTail(matrix.rows) : join(matrix.rows, allAlike(matrix.rows), anywhere),
  }));
}

/** The first table names every user and machine. */
function mergedTail(rows: readonly Row[]): readonly Row[] {
  const people = countOfPeople(rows);
  const tail = rows.slice(people);
  return [...rows.slice(0, people), ...join(tail, neighboursAlike(tail), neighbours)];
}

/** How many rows are those of users and machines, before the forged tokens' control; 0 without it. */
export function countOfPeople(rows: readonly Row[]): number {
  return rows.findIndex(({ names }) => names.includes(forgedControl)) + 1;
}

type Group = readonly Row[];

function neighboursAlike(rows: readonly Row[]): readonly Group[] {
  const groups: Row[][] = [];
  let previous: string | undefined;
  for (const row of rows) {
    const key = likeness(row);
    if (key !== undefined && key === previous) groups.at(-1)?.push(row);
    else groups.push([row]);
    previous = key;
  }
  return groups;
}

function allAlike(rows: readonly Row[]): readonly Group[] {
  return [...Map.groupBy(rows, (row) => likeness(row) ?? row).values()];
}

/** Each group's row is in the place of its first member; members of small groups stay. */
function join(rows: readonly Row[], groups: readonly Group[], least: number): readonly Row[] {
  const groupOf = new Map(groups.flatMap((group) => group.map((row) => [row, group] as const)));
  return rows.flatMap((row) => {
    const group = groupOf.get(row) ?? [row];
    if (group.length < least) return row;
    return group[0] === row ? { ...row, names: group.flatMap(({ names }) => names) } : [];
  });
}

/** The same text for rows that read the same; `undefined` for a row with a difference. */
function likeness({ cells }: Row): string | undefined {
  if (cells.some((cell) => cell?.verdict === "different")) return undefined;
  return JSON.stringify(cells.map(cellText));
}

/**
 * A cell's text: `200`, `200 ★`, `reset`, `200 ≠ 403`, `(403)` without its control, `403 ? 502` not told apart, `–` not tried,
 * nothing where nothing is sent.
 */
export function cellText(cell: JudgedCell | undefined): string {
  if (cell === undefined) return "";
  const { expected, observed, verdict } = cell;
  if (observed === undefined) return "–";
  const part = expected.part?.isPresent ? " ★" : "";
  if (verdict === "cannot be told apart") return `${expected.status} ? ${statusOf(observed)}`;
  // Of several right answers the one that came.
  const isAnyOf = expected.or !== undefined || expected.orItsOwn === true;
  if (verdict === "same" && isAnyOf) return `${statusOf(observed)}${part}`;
  const asked = `${expected.status}${part}`;
  if (verdict === "unproven") return `(${asked})`;
  if (verdict !== "different") return asked;
  if (isReceivedAnyway(cell)) return `${asked} ≠ received`;
  // The status is right, and the answer is not.
  const isRight = "status" in observed && observed.status === expected.status;
  return `${asked} ≠ ${statusOf(observed)}${isRight ? "?" : ""}`;
}

function statusOf(observed: Observed): string {
  if ("error" in observed) return "none";
  return "bytes" in observed ? "bytes" : String(observed.status);
}

export function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
