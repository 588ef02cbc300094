/** Weakens the real program in one place at a time: the named rule reports each, and none reports the program as it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { application as bookinfo } from "../../../application";
import type { Application } from "../../../components/application";
import { rules } from "../../../policies/rules";
import type { Rule } from "../../../policies/rule";
import { type Given, judged, type Violation } from "./judged";
import { weakened } from "./mutations";
import { corsChanges, ownCorsChanges } from "./mutations/cors";
import { documented } from "./mutations/document";
import { mutated } from "./mutations/mutation";
import { type Program, programOf } from "./program";

/** What each rule reports, by the rules' names; those that report nothing are left out. */
async function reports(
  resources: readonly Given[],
  { configuration }: Program,
  asked: readonly Rule[] = rules,
): Promise<Record<string, readonly Violation[]>> {
  const all = await Promise.all(
    asked.map(async (rule): Promise<[string, readonly Violation[]]> => [
      rule.name,
      await judged(rule, resources, configuration[rule.name]?.settings),
    ]),
  );
  return Object.fromEntries(all.filter(([, violations]) => violations.length > 0));
}

const programs = new Map<string, Promise<Program>>();

/** The program, which is run once for all the tests of it. */
function programWith(stack: string, changes: object = {}, application: Application = bookinfo) {
  const changed = Object.entries(changes).filter(([, section]) => !isDeepStrictEqual(section, {}));
  const key = JSON.stringify([stack, Object.fromEntries(changed), application === bookinfo]);
  const program = programs.get(key) ?? programOf(stack, changes, application);
  programs.set(key, program);
  return program;
}

for (const stack of ["dev", "prod", "sandbox"]) {
  test(`no rule reports the program of ${stack} as it is`, async () => {
    const program = await programWith(stack);
    assert.deepEqual(await reports(program.resources, program), {});
  });
}

test("no rule reports a program with a document as it is", async () => {
  const program = await programWith("prod", {}, documented);
  assert.deepEqual(await reports(program.resources, program), {});
});

const other = { issuer: "https://other.example/", jwksUri: "https://other.example/keys" };
const further = { ...other, audience: "books", permissionsClaim: ["roles"], clients: ["app"] };
const login = { at: "gateway" };

for (const [authentication, others] of [
  [{ at: "workload" }, {}],
  [{ at: "gateway" }, {}],
  [{ at: "gateway", required: true }, {}],
  [{ clients: "any", issuers: [further] }, {}],
  [{ issuers: [{ ...further, permissionsClaim: "scp", spaceDelimited: true }] }, {}],
  [{}, { "istio-auth0:login": login }],
  [{ at: "workload" }, { "istio-auth0:login": { ...login, required: true } }],
  [{}, { "istio-auth0:login": { ...login, sessions: "cookie" } }],
  [{}, { "istio-auth0:login": { at: "application", image: "registry.example/page:1.0.0" } }],
  [{ at: "gateway", required: true }, corsChanges],
  [{}, { ...corsChanges, "istio-auth0:login": login }],
  [{ at: "gateway", required: true }, ownCorsChanges],
  [{}, { "istio-auth0:mesh": { networkPolicies: false } }],
  [{}, { "istio-auth0:mesh": { egress: "ALLOW_ANY" }, "istio-auth0:login": login }],
  [{}, { "istio-auth0:mesh": { imports: ["payments/*"], metricsFrom: ["monitoring"] } }],
] as const) {
  const what = JSON.stringify({ ...authentication, ...others });
  test(`no rule reports the program of prod with ${what}`, async () => {
    const changes = { "istio-auth0:authentication": authentication, ...others };
    const program = await programWith("prod", changes);
    assert.deepEqual(await reports(program.resources, program), {});
  });
}

for (const { stack, changes, application, mutations } of weakened) {
  const how = [
    ...(changes ? [JSON.stringify(changes)] : []),
    ...(application ? ["a document"] : []),
  ];
  const what = [stack, ...how].join(" with ");
  test(`each weakening of ${what} is caught`, async (context) => {
    const program = await programWith(stack, changes, application);
    for (const mutation of mutations) {
      const { weakening, rule } = mutation;
      await context.test(`MUTATION: caught by ${rule}: ${weakening}`, async () => {
        const weaker = mutated(program.resources, mutation);
        const named = rules.filter(({ name }) => name === rule);
        if (rule in (await reports(weaker, program, named))) return;
        const others = Object.keys(await reports(weaker, program));
        assert.fail(`reported by ${others.join(", ") || "no rule"}`);
      });
    }
  });
}

test("every rule catches a weakening, and every weakening is named once", () => {
  const all = weakened.flatMap(({ mutations }) => mutations);
  const catching = new Set(all.map(({ rule }) => rule));
  assert.deepEqual([...catching].sort(), rules.map(({ name }: Rule) => name).sort());
  const names = all.map(({ weakening }) => weakening);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 440, `${names.length}`);
});
