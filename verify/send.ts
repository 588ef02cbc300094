/** Sends the cells' requests, each from its vantage point. */
import type { ObservedCell, PlannedCell } from "./cells";
import { VerifyError } from "./errors";
import { matches } from "./judge";
import type { Answer, Observed, Prober } from "./prober";
import { until } from "./waiting";

/** The prober of every vantage point, by name. */
export type Probers = ReadonlyMap<string, Prober>;

/** Sends each cell's request once, all vantage points at the same time. */
export async function sendAll(
  planned: readonly PlannedCell[],
  probers: Probers,
): Promise<readonly ObservedCell[]> {
  const observed = new Map<PlannedCell, Observed>();
  const vantages = new Set(planned.map(({ cell }) => cell.vantage));
  await Promise.all(
    [...vantages].map(async (vantage) => {
      const prober = probers.get(vantage);
      if (prober === undefined) throw new VerifyError(`nothing sends requests ${vantage}`);
      const sent = planned.flatMap((each) =>
        each.cell.vantage !== vantage || each.request === undefined
          ? []
          : [{ each, request: each.request }],
      );
      const results = await prober.send(sent.map(({ request }) => request));
      for (const [position, { each }] of sent.entries()) {
        const result = results[position];
        if (result !== undefined) observed.set(each, withoutTokens(result, each.words));
      }
    }),
  );
  return planned.map((each) => ({ ...each.cell, observed: observed.get(each) }));
}

/** Whoever answers may repeat what it was sent; no token gets into a report. */
function withoutTokens(observed: Observed, words: PlannedCell["words"]): Observed {
  if ("error" in observed) return observed;
  const redacted = (text: string) => redact(text, words);
  const headers = Object.entries(observed.headers).map(([name, value]) => [
    name,
    typeof value === "string" ? redacted(value) : value.map(redacted),
  ]);
  return {
    ...observed,
    headers: Object.fromEntries(headers) as Answer["headers"],
    body: redacted(observed.body),
  };
}

/** So many characters are no coincidence. */
const recognizable = 16;

/** Puts the words for the tokens, also where only a token's beginning is left, as where a body was cut. */
function redact(text: string, words: PlannedCell["words"]): string {
  const whole = [...words].reduce((rest, [token, word]) => rest.replaceAll(token, word), text);
  return [...words].reduce((rest, [token, word]) => {
    const beginning = token.slice(0, recognizable).replace(/[^\w-]/g, "\\$&");
    return rest.replace(new RegExp(`${beginning}[\\w.+/=-]*`, "g"), word);
  }, whole);
}

/**
 * Waits until the policies have reached every sidecar: until one request of each expected status
 * per vantage point and target has the outcome it should, and then every request once. A connection
 * that the services keep open is judged by the policies of its beginning until it is used again;
 * sending everything uses them all. When that does not happen in time the cells themselves will show
 * what differs.
 * @param deadline milliseconds
 * @returns whether it happened in time
 */
export async function settle(
  planned: readonly PlannedCell[],
  probers: Probers,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  const samples = new Map<string, PlannedCell>();
  for (const each of planned) {
    const { vantage, target, expected } = each.cell;
    const kind = JSON.stringify([vantage, target, expected.status]);
    if (each.request !== undefined && !samples.has(kind)) samples.set(kind, each);
  }
  const asExpected = async (some: readonly PlannedCell[]) => {
    const cells = await sendAll(some, probers);
    return cells.every(({ expected, observed }) => observed && matches(expected, observed));
  };
  const all = planned.filter(({ request }) => request !== undefined);
  const settled = await until(
    async () => ((await asExpected([...samples.values()])) && (await asExpected(all))) || undefined,
    { deadline, signal },
  );
  return settled ?? false;
}
