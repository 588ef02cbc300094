/** Whether the mesh answers as explain's evaluation of its policies says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { WayDecision } from "../../commands/explain/way";
import { refusals } from "../../commands/verify/plan/expectations";
import type { JsonReport } from "../../commands/verify/report/json";

type Cell = JsonReport["cells"][number];

function isAsDecided({ observed, request }: Cell, decision: WayDecision): boolean {
  const { outcome, status, message, position } = decision;
  if (observed === null || outcome === "not known") return false;
  if (outcome === "reset") return "error" in observed && observed.error === "ECONNRESET";
  if ("error" in observed) return false;
  if ("bytes" in observed) return outcome === "allowed";
  if (outcome === "allowed") {
    const bodies: readonly string[] = Object.values(refusals).map(({ body }) => body);
    return observed.status < 500 && (observed.body === "" || !bodies.includes(observed.body));
  }
  const isBodiless = request.method === "HEAD";
  // A service passes on the status of the one behind it, with words of its own.
  return (
    observed.status === status && (position > 0 || observed.body === (isBodiless ? "" : message))
  );
}

/**
 * Fails if an answer is not as a policy decides about its request.
 * @param file what `verify --json` has written
 * @param least how many of its cells meet a policy
 */
export function assertAsDecided(file: string, least: number): void {
  const { cells } = JSON.parse(readFileSync(file, "utf8")) as JsonReport;
  const decided = cells.flatMap(({ decision, ...cell }) =>
    decision === undefined ? [] : [{ cell, decision: decision as WayDecision }],
  );
  assert.ok(decided.length > least, `${decided.length} decisions`);
  assert.deepEqual(
    decided.filter(({ cell, decision }) => !isAsDecided(cell, decision)),
    [],
  );
}
