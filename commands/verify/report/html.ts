/**
 * The report as one page, with no requests and no scripts. A cell opens with the browser's own popovers, so it needs
 * neither.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isPermitted } from "../plan/expectations";
import { describeExpected } from "../judge";
import type { Decision } from "../../explain/facts";
import type { JudgedCell, Verdict } from "../judge";
import type { Observed } from "../probes/observed";
import { forgedControl } from "../tokens/token-classes";
import { isProven } from "../verify";
import type { Report } from "../verify";
import { markup, Markup } from "./markup";
import { causesOf } from "./causes";
import { cellText, countOfPeople, matrices } from "./matrix";
import type { Matrix, Row } from "./matrix";
import { counted, faring, findingBlocks, listed, outcomeOf, remarks, sentence } from "./words";
import { partsIn, verdicts, whereIs } from "./words";
import type { Block } from "./words";

const style = readFileSync(join(__dirname, "page.css"), "utf8");

/** The size in bytes that a page stays below, by showing less of every body. */
const limit = 3_000_000;
/** Characters of a body that are shown; the first that keeps the page below its limit. */
const excerpts = [600, 200, 60, 0];

export function renderHtml(report: Report): string {
  let page = "";
  for (const excerpt of excerpts) {
    page = renderPage(report, excerpt);
    if (Buffer.byteLength(page) < limit) break;
  }
  return page;
}

/** The kind of a cell, for its style: its verdict, or, for cells as expected, which outcome. */
type Kind = "permitted" | "refused" | "different" | "unproven" | "apart" | "untried";

const kindOfVerdict: Readonly<Record<Exclude<Verdict, "same">, Kind>> = {
  different: "different",
  unproven: "unproven",
  "cannot be told apart": "apart",
  "not tried": "untried",
};

function kindOf({ verdict, expected }: JudgedCell): Kind {
  if (verdict !== "same") return kindOfVerdict[verdict];
  return isPermitted(expected) ? "permitted" : "refused";
}

/** In the order of a bar: what is wrong comes first. */
const kinds: Readonly<Record<Kind, string>> = {
  different: "different: expected ≠ observed",
  unproven: "refused, but without a control: no proof",
  apart: "cannot be told apart: expected ? observed",
  untried: "not tried",
  permitted: "answered, as asked for",
  refused: "refused by the mesh, as asked for",
};

function renderPage(report: Report, excerpt: number): string {
  const proven = isProven(report);
  const places = new Map(report.cells.map((cell, position) => [cell, position]));
  const place = (cell: JudgedCell) => places.get(cell) ?? 0;
  const tables = matrices(report);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${sentence(report)}</title>
<style>${new Markup(style)}</style>
</head>
<body class="${proven ? "proven" : "wrong"}">
<header>${banner(report, proven)}</header>
<main>
${differences(report, place)}
<section class="legend" aria-label="Legend">${legend(report, tables)}</section>
${tables.map((matrix, position) => section(matrix, position, place))}
${notes(report)}
</main>
${report.cells.map((cell) => popover(cell, place(cell), excerpt))}
</body>
</html>
`;
  return page.text;
}

function banner(report: Report, proven: boolean): Markup {
  const { summary, findings, gatewayUrl, issuer, startedAt } = report;
  const unexplained = findings.unexplained.length;
  const counters: readonly (readonly [count: number, what: string, alarming: boolean])[] = [
    [summary.cells, summary.cells === 1 ? "request" : "requests", false],
    [summary.differences, summary.differences === 1 ? "difference" : "differences", true],
    [unexplained, unexplained === 1 ? "finding" : "findings", true],
    [summary.unproven, "unproven", true],
    ...(summary.cannotBeToldApart > 0
      ? [[summary.cannotBeToldApart, "cannot be told apart", false] as const]
      : []),
    [summary.notTried, "not tried", false],
  ];
  const shown = counters.map(([count, what, alarming]) => {
    const tone = alarming && count > 0 ? "alarming" : "calm";
    return markup`<li class="${tone}"><b>${count.toLocaleString("en")}</b> ${what}`;
  });
  const time = startedAt.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return markup`<p class="mark" aria-hidden="true">${proven ? "✓" : "✗"}</p>
<h1>${sentence(report)}</h1>
<ul class="counters">${shown}</ul>
<dl class="facts"><div><dt>Gateway<dd>${gatewayUrl}</div><div><dt>Issuer<dd>${issuer}</div><div><dt>Started<dd><time datetime="${startedAt}">${time}</time></div></dl>`;
}

type Place = (cell: JudgedCell) => number;

/** Findings first: they are few, and may explain why requests differ. */
function differences(report: Report, place: Place): Markup | undefined {
  const findings = findingBlocks(report.findings);
  const causes = causesOf(report);
  const unproven = report.cells.filter(({ verdict }) => verdict === "unproven");
  const parts = [
    ...(findings.length === 0
      ? []
      : [
          markup`<details open><summary><h2>${counted(report.findings.unexplained.length, "finding")}</h2></summary>
<ol class="blocks">${findings.map((finding) => blockOf(finding))}</ol></details>`,
        ]),
    ...(causes.length === 0
      ? []
      : [
          markup`<details open><summary><h2>${counted(report.summary.differences, "difference")}, by cause</h2></summary>
<ol class="blocks">${causes.map((cause) => blockOf(cause, oneByOne(cause.cells, place)))}</ol></details>`,
        ]),
    ...(unproven.length === 0
      ? []
      : [
          markup`<details><summary><h2>${unproven.length} unproven</h2></summary>
<ol>${unproven.map((cell) => difference(cell, place(cell)))}</ol></details>`,
        ]),
  ];
  if (parts.length === 0) return undefined;
  return markup`<section class="differences" aria-label="Differences">${parts}</section>`;
}

function blockOf({ name, lines }: Block, more?: Markup): Markup {
  const facts = lines.map(([what, words]) => {
    const said = what === "undo" ? markup`<code>${words}</code>` : words;
    return markup`<div><dt>${what}<dd>${said}</div>`;
  });
  return markup`<li><h3>${name}</h3><dl>${facts}</dl>${more}
`;
}

/** How many requests are shown without a click. */
const fewRequests = 3;

function oneByOne(cells: readonly JudgedCell[], place: Place): Markup {
  const open = cells.length <= fewRequests ? markup` open` : undefined;
  return markup`<details class="each"${open}><summary>${counted(cells.length, "request")}, one by one</summary>
<ol>${cells.map((cell) => difference(cell, place(cell)))}</ol></details>`;
}

function difference(cell: JudgedCell, position: number): Markup {
  return markup`<li class="${kindOf(cell)}"><a href="#b${position}">${whereIs(cell)}</a> <span>${outcomeOf(cell)}</span> <button popovertarget="c${position}">Open</button>
`;
}

function legend({ cells }: Report, tables: readonly Matrix[]): readonly Markup[] {
  const used = new Set(cells.map(kindOf));
  const marks = (Object.keys(kinds) as Kind[])
    .filter((kind) => used.has(kind))
    .map((kind) => markup`<span><i class="${kind}">${samples[kind]}</i> ${kinds[kind]}</span>`);
  const parts = partsIn(cells);
  return [
    markup`<h2>Legend</h2>`,
    ...marks,
    ...(parts === undefined ? [] : [markup`<span><i class="permitted">★</i> ${parts}</span>`]),
    ...(tables.some(({ rows }) => countOfPeople(rows) > 0)
      ? [
          markup`<span><b>${forgedControl}</b>: a token that verify signs itself and that has nothing wrong: the control of the hostile rows.</span>`,
        ]
      : []),
    markup`<span>Every cell opens to its request and its answer.</span>`,
  ];
}

const samples: Readonly<Record<Kind, string>> = {
  different: "403 ≠ 200",
  unproven: "(403)",
  apart: "403 ? 502",
  untried: "–",
  permitted: "200",
  refused: "403",
};

/** The first table is open; a link to a cell opens the others. */
function section(matrix: Matrix, position: number, place: Place): Markup {
  const { title, cells, rows } = matrix;
  const people = countOfPeople(rows) || rows.length;
  const hostile = rows.slice(people);
  const open = position === 0 ? markup` open` : undefined;
  return markup`<details class="vantage"${open} id="v${position}"><summary><h2>${title}</h2> ${fared(counted(cells.length, "request"), cells)}</summary>
${table(matrix, rows.slice(0, people), title, place)}${hostile.length === 0 ? undefined : fold(matrix, hostile, place)}</details>
`;
}

/** Below users and machines: the tokens and presentations that must give no more than they should. */
function fold(matrix: Matrix, rows: readonly Row[], place: Place): Markup {
  const cells = rows.flatMap((row) => row.cells.filter((cell) => cell !== undefined));
  const title = `${rows.length} hostile rows`;
  const open = cells.some(isDifferent) ? markup` open` : undefined;
  return markup`<details class="hostile"${open}><summary><h3>${title}</h3> ${fared("forged, altered or oddly presented tokens", cells)}</summary>
${table(matrix, rows, `${title}, ${matrix.title}`, place)}</details>`;
}

/** The result of a table in words and as a bar with the number of cells of each kind. */
function fared(what: string, cells: readonly JudgedCell[]): Markup {
  const parts = (Object.keys(kinds) as Kind[])
    .map((kind) => ({ kind, size: cells.filter((cell) => kindOf(cell) === kind).length }))
    .filter(({ size }) => size > 0)
    .map(({ kind, size }) => markup`<i class="${kind}" style="flex-grow:${size}"></i>`);
  const tone = cells.some(isDifferent) ? "alarming" : "calm";
  return markup`<small class="${tone}">${what}: ${faring(cells)}</small><span class="bar" aria-hidden="true">${parts}</span>`;
}

const isDifferent = ({ verdict }: JudgedCell) => verdict === "different";

/**
 * On a phone each row is a block of its own, with the columns' names in its cells; the roles mark it as a table still.
 */
function table(matrix: Matrix, rows: readonly Row[], title: string, place: Place): Markup {
  const { columns, turned } = matrix;
  const cellOf = (cell: JudgedCell | undefined, position: number) =>
    cell === undefined
      ? markup`<td role="cell">`
      : markup`<td role="cell" data-column="${columns[position]}"><button id="b${place(cell)}" popovertarget="c${place(cell)}" class="${kindOf(cell)}">${cellText(cell)}</button>`;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table role="table" style="--columns:${columns.length}">
<thead role="rowgroup"><tr role="row"><td role="cell">${turned ? "request" : "viewer"}${columns.map((name) => markup`<th scope="col" role="columnheader">${name}`)}
<tbody role="rowgroup">
${rows.map(
  (
    row,
  ) => markup`<tr role="row"><th scope="row" role="rowheader">${row.names}${row.cells.map(cellOf)}
`,
)}</table></div>`;
}

function notes(report: Report): Markup | undefined {
  // The legend explains the marks.
  const lines = remarks(report, []).map((line) => markup`<p>${line}</p>`);
  if (lines.length === 0) return undefined;
  return markup`<section class="notes" aria-label="Remarks">${lines}</section>`;
}

function popover(cell: JudgedCell, position: number, excerpt: number): Markup {
  const { vantage, viewer, target, request, expected, observed, verdict, decision } = cell;
  const receivers = cell.receivedBy && markup`<dt>Received by<dd>${listed(cell.receivedBy)}`;
  return markup`<div popover id="c${position}" role="dialog" aria-labelledby="h${position}"><button popovertarget="c${position}" popovertargetaction="hide" aria-label="Close">✕</button>
<h3 id="h${position}">${viewer} → ${target}</h3><p>${vantage}<p><i class="${kindOf(cell)}">${cellText(cell)}</i> ${verdicts[verdict]}
<dl><dt>Expected<dd>${describeExpected(expected)}${decided(decision)}<dt>Request<dd><pre>${request.method} ${request.url}
${headerLines(request.headers)}</pre><dt>Response<dd>${response(observed, excerpt)}${receivers}</dl></div>
`;
}

function decided(decision: Decision | undefined): Markup | undefined {
  if (decision === undefined) return undefined;
  const { outcome, decidedBy, because, change } = decision;
  const advice = change === undefined ? undefined : markup`<dt>To change it<dd>${change}`;
  return markup`<dt>Decided by<dd>${decidedBy}: ${outcome}<br>${because}${advice}`;
}

function response(observed: Observed | undefined, excerpt: number): Markup {
  if (observed === undefined) return markup`none: it was not sent`;
  if ("error" in observed) return markup`none: <code>${observed.error}</code>`;
  if ("bytes" in observed) return markup`bytes: <code>${observed.bytes}</code> (base64)`;
  const { status, headers, body } = observed;
  return markup`<pre>${status}
${headerLines(headers)}
${shortened(body, excerpt)}</pre>`;
}

function headerLines(headers: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(headers)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${shortened(each, 200)}\n`))
    .join("");
}

/** The beginning of a text, and how much is left out; control characters that no page shows become dots. */
function shortened(text: string, length: number): string {
  const shown = text.slice(0, length).replaceAll(/[^\P{Cc}\n\t]/gu, "·");
  return text.length > length ? `${shown}… (${text.length} characters)` : shown;
}
