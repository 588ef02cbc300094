/** The cells: every viewer's request for every target from every vantage point. */
import { expectedOutcome, unlisted } from "./expectations";
import type { Destination, Expected } from "./expectations";
import type { Observed, ProbeRequest } from "./prober";
import type { Tokens } from "./tokens";
import type { Target, Vantage } from "./vantages";
import { anonymous } from "./viewers";
import type { Viewer } from "./viewers";

/** One request, and the one outcome that is right for it. */
export interface Cell {
  readonly vantage: string;
  readonly viewer: string;
  /** The matrix's column: a service, one version of it, or one of the gateway's paths. */
  readonly target: string;
  readonly service: Destination;
  readonly expected: Expected;
}

/** A cell with what came back; `undefined` where there is no token to try it with. */
export interface ObservedCell extends Cell {
  readonly observed: Observed | undefined;
}

/** A cell with its request; kept apart from what is reported, since it carries a token. */
export interface PlannedCell {
  readonly cell: Cell;
  /** Absent where the viewer's token cannot be had. */
  readonly request: ProbeRequest | undefined;
}

/** All cells, by vantage point, then viewer, then target. */
export function planCells(
  vantages: readonly Vantage[],
  viewers: readonly Viewer[],
  tokens: Tokens,
): readonly PlannedCell[] {
  return vantages.flatMap((vantage) =>
    viewersAt(vantage, viewers).flatMap((viewer) =>
      vantage.targets.map((target) => ({
        cell: {
          vantage: vantage.name,
          viewer: viewer.name,
          target: target.name,
          service: target.service,
          expected: expectationFor(target, viewer),
        },
        request: requestFor(target, viewer, tokens),
      })),
    ),
  );
}

function viewersAt({ viewers: only }: Vantage, viewers: readonly Viewer[]): readonly Viewer[] {
  return only === undefined ? viewers : viewers.filter(({ name }) => only.includes(name));
}

function expectationFor(target: Target, { credential }: Viewer): Expected {
  const expected = expectedOutcome(target.way, credential);
  const { service, showsStars } = target;
  if (expected.status !== 200 || showsStars === undefined || service === unlisted) return expected;
  // The service asks ratings with its own identity and the viewer's token.
  const ratings = { caller: service, through: ["ratings"] } as const;
  const readable = expectedOutcome(ratings, credential).status === 200;
  return { ...expected, stars: showsStars && readable };
}

function requestFor(target: Target, viewer: Viewer, tokens: Tokens): ProbeRequest | undefined {
  const { origin, path } = target;
  if (viewer.name === anonymous) return { origin, path, headers: {} };
  const token = tokens.get(viewer.name);
  if (token === undefined) return undefined;
  return { origin, path, headers: { authorization: `Bearer ${token}` } };
}
