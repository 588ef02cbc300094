import { z } from "zod";
import { allowPolicies, type AuthorizationPolicy, titleOf } from "../istio";
import { admitsAll, everyPair, includes, type Operation, operationsIn } from "../operations";
import { unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { rootNamespace } from "../settings";
import { hasLabels, labelsSettings } from "../table";
import { givenPermissions, grantsSettings } from "./auth0-grants";

const documentSettings = z.strictObject({
  file: z.string().describe("Its name, for messages"),
  namespace: z.string().describe("Where its service is"),
  service: z.string().describe("The value of its workload's label app"),
  labels: labelsSettings.optional().describe("The labels of its pods, if they are others"),
  operations: z
    .array(z.string())
    .describe("Each method and path, as policies write them: GET /orders/{*}"),
  permissions: z
    .array(z.string())
    .default([])
    .describe("Those that its operations ask for. Default: who holds them is not judged"),
});

export type ServiceDocument = z.infer<typeof documentSettings>;

/** https://spec.openapis.org/oas/latest.html#paths-object */
export const apiDocument = stackRule({
  name: "api-document",
  description: "The mesh's policies admit what a service's OpenAPI document has, and nothing else.",
  severity: "medium",
  remediation:
    "Change the document, or the access table, from which the policies are made. Name what is meant to differ in allowedDifferences.",
  settings: z.object({
    rootNamespace,
    documents: z
      .array(documentSettings)
      .default([])
      .describe("The services' documents. Default: none, then nothing is compared"),
    grants: grantsSettings
      .optional()
      .describe("Who gets what at the tenant. Default: none, then who holds what is not judged"),
    allowedDifferences: z
      .array(z.string())
      .default([])
      .describe("Operations, as policies write them, and permissions that are meant to differ"),
  }),
  judgeAll(resources, { rootNamespace, documents, grants, allowedDifferences }, madeOf) {
    const policies = allowPolicies(resources);
    const given = grants && givenPermissions(resources, grants, madeOf);
    const isMeant = (name: string) => allowedDifferences.includes(name);
    return documents.flatMap((document) => {
      const own = policies.filter((policy) => isOf(document, policy, rootNamespace));
      return [
        ...refused(document, own, isMeant),
        ...own.flatMap((policy) => undocumented(document, policy, isMeant)),
        ...(given === undefined ? [] : notGiven(document, given, isMeant)),
      ];
    });
  },
});

type IsMeant = (name: string) => boolean;

/** Whether a policy is for a document's service. What applies to a waypoint or a gateway, no sidecar reads. */
const isOf = (
  { namespace, service, labels = { app: service } }: ServiceDocument,
  policy: AuthorizationPolicy,
  rootNamespace: string,
) =>
  policy.target === undefined &&
  [namespace, rootNamespace].some((one) => one === policy.namespace) &&
  (policy.labels === undefined || hasLabels(policy.labels, labels));

function operationNamed(name: string): Operation {
  const [method, path] = name.split(" ", 2);
  return { method, path };
}

/** What the document has and no rule admits. */
function refused(
  { file, service, operations }: ServiceDocument,
  policies: readonly AuthorizationPolicy[],
  isMeant: IsMeant,
): Finding[] {
  // Not one that is for the whole namespace, such as the one that allows nothing.
  const resource = policies.find(({ labels }) => labels !== undefined)?.resource;
  const title = resource === undefined ? `AuthorizationPolicy of ${service}` : titleOf(resource);
  const rules = policies.flatMap((policy) => policy.rules);
  return operations
    .filter((name) => !isMeant(name))
    .filter((name) => !rules.some((rule) => admitsAll(rule, operationNamed(name))))
    .map((name) => ({
      ...(resource !== undefined && { resource }),
      found: `no rule of ${title} admits ${name}, which ${file} has`,
      write: `it into a rule, or take it out of ${file}`,
    }));
}

/** What a rule admits and the document does not have. */
function undocumented(
  { file, operations }: ServiceDocument,
  { resource, rules }: AuthorizationPolicy,
  isMeant: IsMeant,
): Finding[] {
  const documented = operations.map(operationNamed);
  return rules.flatMap((rule) => {
    const parts =
      rule.operations.length === 0
        ? [{ where: rule.where, admitted: everyPair([], []) }]
        : rule.operations.map((part) => ({ where: part.where, admitted: operationsIn(part) }));
    return parts.flatMap(({ where, admitted }) =>
      admitted
        .filter((one) => !documented.some((each) => includes(each, one)))
        .map(nameOf)
        .filter((name) => !isMeant(name))
        .map((name) => ({
          resource,
          where: `${where} of ${titleOf(resource)}`,
          found: `admits ${name}, which ${file} does not have`,
          write: `it into ${file}, or take it out of the rule`,
        })),
    );
  });
}

const nameOf = ({ method, path }: Operation) =>
  `${textOf(method, "any method")} ${textOf(path, "any path")}`;

function textOf(value: unknown, none: string): string {
  if (value === unknown) return "what is not known before the update";
  return typeof value === "string" ? value : none;
}

/** A permission that nothing gives: no token has it. */
function notGiven(
  { file, permissions }: ServiceDocument,
  given: readonly unknown[],
  isMeant: IsMeant,
): Finding[] {
  if (given.includes(unknown)) return [];
  return permissions
    .filter((permission) => !given.includes(permission) && !isMeant(permission))
    .map((permission) => ({
      found: `no role, user or client gets ${permission}, which operations of ${file} ask for`,
      write: `it into the permissions of a role or a machine, or take it out of ${file}`,
    }));
}
