/** A change that weakens the admission policy or its binding is a finding, and the API server's defaults are not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../../application";
import { admissionObjects } from "../../../../../components/enforcement/admission";
import { compareAdmission } from "../../../../../commands/verify/findings/admission";

const asked = admissionObjects(bookinfo);

/** As the API server has it: with its defaults. */
const live = () => ({
  policy: {
    ...asked.policy,
    matchConstraints: {
      ...(asked.policy.matchConstraints as object),
      matchPolicy: "Equivalent",
      objectSelector: {},
    },
  },
  binding: { ...asked.binding },
});

const objects = (found: ReturnType<typeof compareAdmission>) => found.map(({ object }) => object);

test("the stack's own admission policy, with the API server's defaults, is no finding", () => {
  assert.deepEqual(compareAdmission(bookinfo, live()), []);
});

test("a policy that is missing, and a binding that only warns, are findings", () => {
  assert.deepEqual(objects(compareAdmission(bookinfo, { ...live(), policy: undefined })), [
    "ValidatingAdmissionPolicy istio-auth0-bookinfo",
  ]);
  const binding = { ...asked.binding, validationActions: ["Warn"] };
  assert.deepEqual(objects(compareAdmission(bookinfo, { ...live(), binding })), [
    "ValidatingAdmissionPolicyBinding istio-auth0-bookinfo",
  ]);
});

test("a condition that leaves pods out, and a validation less, are findings", () => {
  const { policy } = live();
  const constraints = policy.matchConstraints as object;
  const labelled = { matchLabels: { app: "checked" } };
  const { resourceRules, namespaceSelector } = constraints as {
    resourceRules: object[];
    namespaceSelector: object;
  };
  const constrained = (change: object) => ({
    ...policy,
    matchConstraints: { ...constraints, ...change },
  });
  const narrowed = (change: object) =>
    constrained({ resourceRules: resourceRules.map((rule) => ({ ...rule, ...change })) });
  const selecting = (change: object) =>
    constrained({ namespaceSelector: { ...namespaceSelector, ...change } });
  for (const changed of [
    { ...policy, matchConditions: [{ name: "none", expression: "false" }] },
    { ...policy, matchConstraints: { ...constraints, objectSelector: labelled } },
    narrowed({ resourceNames: ["one"] }),
    narrowed({ scope: "Cluster" }),
    selecting({ matchExpressions: [{ key: "checked", operator: "Exists" }] }),
    selecting({ matchLabels: { "kubernetes.io/metadata.name": "bookinfo", checked: "yes" } }),
    { ...policy, matchConstraints: { ...constraints, excludeResourceRules: [{}] } },
    { ...policy, validations: (policy.validations as unknown[]).slice(1) },
    { ...policy, failurePolicy: "Ignore" },
  ]) {
    assert.deepEqual(objects(compareAdmission(bookinfo, { ...live(), policy: changed })), [
      "ValidatingAdmissionPolicy istio-auth0-bookinfo",
    ]);
  }
});

test("a binding for some pods only is a finding; what the API server adds is none", () => {
  const matchResources = { objectSelector: { matchLabels: { app: "checked" } } };
  const binding = { ...asked.binding, matchResources };
  assert.deepEqual(objects(compareAdmission(bookinfo, { ...live(), binding })), [
    "ValidatingAdmissionPolicyBinding istio-auth0-bookinfo",
  ]);
  const { policy } = live();
  const constraints = policy.matchConstraints as object;
  const { resourceRules } = constraints as { resourceRules: object[] };
  const added = {
    ...constraints,
    objectSelector: {},
    matchPolicy: "Equivalent",
    resourceRules: resourceRules.map((rule) => ({ ...rule, scope: "*" })),
  };
  const completed = { ...policy, matchConstraints: added };
  assert.deepEqual(compareAdmission(bookinfo, { ...live(), policy: completed }), []);
});

test("each service's account and labels are in the policy: what is added to the table is covered", () => {
  const { policy } = admissionObjects({
    ...bookinfo,
    services: {
      ...bookinfo.services,
      billing: {
        callers: [],
        requires: "signedIn",
        port: 80,
        path: "/",
        serviceAccount: "bookinfo-details",
        labels: { "app.kubernetes.io/name": "bills" },
      },
    },
  });
  const [accounts, selectors] = policy.variables as { expression: string }[];
  assert.match(accounts?.expression ?? "", /"billing":"bookinfo-details"/);
  assert.match(selectors?.expression ?? "", /"details":\{"app":"details"\}/);
  assert.match(selectors?.expression ?? "", /"billing":\{"app.kubernetes.io\/name":"bills"\}/);
});
