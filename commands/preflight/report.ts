/** The checks' results, as lines for the user and as JSON for a program. */
import { styleText } from "node:util";
import { columnLine, filled } from "../../lib/columns";
import type { Result, State } from "./check";

const colours = { ok: "green", failed: "red", "not tried": "yellow" } as const;
const states = Object.keys(colours) as State[];
const widest = Math.max(...states.map((state) => state.length));

/** One line: the state, the check, what was found and what to do. */
export function line(
  { name, state, found, advice }: Result,
  { width, colour }: { readonly width: number; readonly colour: boolean },
): string {
  const padded = filled(state, widest);
  const shown = colour ? styleText(colours[state], padded, { validateStream: false }) : padded;
  // A server's message may end in a full stop.
  const said = found.replace(/\.$/, "");
  const all = advice === undefined ? said : `${said}. ${advice}`;
  return `${columnLine([shown, name, all], [widest, width])}\n`;
}

const countOf = (results: readonly Result[], state: State) =>
  results.filter((result) => result.state === state).length;

/** `9 checks: 7 ok, 1 failed, 1 not tried`. */
export function summary(results: readonly Result[]): string {
  const counts = states.map((state) => `${countOf(results, state)} ${state}`).join(", ");
  return `${results.length} check${results.length === 1 ? "" : "s"}: ${counts}\n`;
}

/** The report for programs. A changed format gets a new version number. */
export function json(stack: string, results: readonly Result[]): string {
  const [ok, failed, notTried] = states.map((state) => countOf(results, state));
  const checks = results.map(({ name, state, found, advice = null }) => ({
    name,
    state,
    found,
    advice,
  }));
  return `${JSON.stringify({ version: 1, stack, counts: { ok, failed, notTried }, checks }, undefined, 2)}\n`;
}
