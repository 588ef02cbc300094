/** Reports made by hand. */
import { z } from "zod";
import type { Expected } from "../../../../../commands/verify/plan/expectations";
import type { JudgedCell, Verdict } from "../../../../../commands/verify/judge";
import type { Observed } from "../../../../../commands/verify/probes/observed";
import type { ProvenFinding } from "../../../../../commands/verify/findings";
import type { Report } from "../../../../../commands/verify/verify";

export const answer = (status: number, body = ""): Observed => ({ status, headers: {}, body });
export const ok: Expected = { status: 200 };
/** A permitted request whose answer has a part from another service. */
export const withStars: Expected = {
  status: 200,
  part: { name: "stars", isPresent: true, body: z.unknown() },
};
export const denied: Expected = { status: 403, refusal: "access denied" };
export const deniedAnswer = answer(403, "RBAC: access denied");
export const gate = "through the gateway";
export const pod = "from a pod as details";

export function cell(
  vantage: string,
  viewer: string,
  target: string,
  expected: Expected,
  observed: Observed | undefined,
  verdict: Verdict,
): JudgedCell {
  const request = {
    method: "GET",
    url: `http://reviews:9080/${target}`,
    headers: { authorization: `Bearer [token of ${viewer}]` },
  };
  return { vantage, viewer, target, service: "reviews", request, expected, observed, verdict };
}

/** @param unexplained what the stack does not explain */
export function report(
  cells: readonly JudgedCell[],
  unexplained: readonly ProvenFinding[] = [],
): Report {
  const count = (verdict: Verdict) => cells.filter((each) => each.verdict === verdict).length;
  return {
    gatewayUrl: "http://localhost:8080",
    issuer: "https://tenant.localhost:8443/",
    startedAt: "2026-11-23T06:00:00.000Z",
    cells,
    findings: { asked: 7, unexplained, accepted: [], unused: [], notCovered: [], notRead: [] },
    alike: [],
    records: { services: [], refused: 0, received: 0, answered: 0, missing: {}, notRead: [] },
    summary: {
      cells: cells.length,
      differences: count("different"),
      unproven: count("unproven"),
      cannotBeToldApart: count("cannot be told apart"),
      notTried: count("not tried"),
    },
  };
}

/** Two findings; the first one's words are too long for a terminal's line. */
export const changes: readonly ProvenFinding[] = [
  {
    object: "AuthorizationPolicy bookinfo/details",
    opens:
      "it differs from the stack's at spec.rules[0].from[0].source.serviceAccounts[1], of all places",
    undo: "pulumi up --refresh",
  },
  {
    object: "EnvoyFilter istio-system/extra",
    opens: "the stack does not ask for it",
    seen: "GET http://localhost:8080/ from outside: 200",
    undo: "kubectl delete envoyfilter extra",
  },
];

/** The same in words. */
export const changeLines = [
  "AuthorizationPolicy bookinfo/details: it differs from the stack's at spec.rules[0].from[0].source.serviceAccounts[1], of all places. To fix it: pulumi up --refresh",
  "EnvoyFilter istio-system/extra: the stack does not ask for it. Seen: GET http://localhost:8080/ from outside: 200. To fix it: kubectl delete envoyfilter extra",
];

/** Nothing differs, and there are findings. */
export const changed = report(
  [cell(gate, "anonymous", "reviews", ok, answer(200), "same")],
  changes,
);

/** Every verdict, and texts that a careless page would take for its own. */
export const everything = report([
  cell(gate, "anonymous", "reviews", ok, answer(200), "same"),
  cell(gate, "anonymous", "ratings", denied, deniedAnswer, "same"),
  cell(gate, "user@bookinfo.example", "reviews", denied, answer(200, "{}"), "different"),
  cell(
    gate,
    "user@bookinfo.example",
    "ratings",
    denied,
    answer(403, "Forbidden\nmore"),
    "different",
  ),
  cell(gate, "expired token", "reviews", denied, undefined, "not tried"),
  cell(gate, "expired token", "ratings", denied, undefined, "not tried"),
  ...["anonymous", "nobody", "user"].flatMap((viewer) => [
    cell(pod, viewer, "reviews", denied, deniedAnswer, "same"),
    cell(pod, viewer, "reviews-v2", withStars, answer(200, "…"), "same"),
  ]),
  cell(pod, "moderator", "reviews", denied, deniedAnswer, "unproven"),
  cell(pod, "moderator", "reviews-v2", withStars, { error: "ETIMEDOUT" }, "different"),
  cell(pod, "tampered token", "reviews", denied, undefined, "not tried"),
  cell(pod, "tampered token", "reviews-v2", denied, undefined, "not tried"),
]);

/** What nothing but the services' logs shows: a refusal of a request that a service has received. */
export const receivedAnyway: Report = {
  ...report([
    cell(gate, "anonymous", "reviews", ok, answer(200), "same"),
    {
      ...cell(gate, "user", "reviews", denied, deniedAnswer, "different"),
      receivedBy: ["details"],
    },
  ]),
  records: {
    services: ["details", "reviews"],
    refused: 7,
    received: 1,
    answered: 3,
    missing: { reviews: 2 },
    notRead: [{ service: "ratings", reason: "cannot read the log of app in pod r: 403" }],
  },
};
