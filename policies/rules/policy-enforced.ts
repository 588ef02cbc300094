import { z } from "zod";
import { isAuthorizationPolicy, isSecurityPolicy, partFinding, titleOf } from "../istio";
import { at, isPatch, objectName } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";

/**
 * What the other rules assume.
 * https://istio.io/latest/docs/tasks/security/authorization/authz-dry-run/
 */
export const policyEnforced = resourceRule({
  name: "policy-enforced",
  description: "Every security policy is in force, as a whole and by this mesh's control plane.",
  severity: "critical",
  remediation:
    "Leave out the annotation istio.io/dry-run and the label istio.io/rev, and write whole policies, not patches of another program's.",
  settings: z.object({
    revisions: z
      .array(z.string())
      .default(["default"])
      .describe("The control plane's revisions: it reads no policy that is labelled for another"),
    dryRunPolicies: z
      .array(z.string())
      .default([])
      .describe("Policies that may be tried without being in force: namespace/name"),
  }),
  judge(resource, { revisions, dryRunPolicies }) {
    if (!isSecurityPolicy(resource)) return [];
    const mayBeDry =
      !isAuthorizationPolicy(resource) || dryRunPolicies.includes(objectName(resource));
    return [
      ...patched(resource),
      ...(mayBeDry ? [] : unlessAmong(resource, "annotations", "istio.io/dry-run", ["false"])),
      ...unlessAmong(resource, "labels", "istio.io/rev", revisions),
    ];
  },
});

/** What a patch leaves unchanged applies too, and is not in the stack. */
function patched(resource: Resource): Finding[] {
  if (!isPatch(resource)) return [];
  const found = "changes a policy that the stack does not make";
  return [{ resource, where: titleOf(resource), found, write: "the whole policy" }];
}

function unlessAmong(
  resource: Resource,
  list: "annotations" | "labels",
  name: string,
  accepted: readonly string[],
): Finding[] {
  const value = at(resource.inputs, "metadata", list, name);
  if (value === undefined || accepted.some((one) => one === value)) return [];
  return [partFinding(resource, `metadata.${list}["${name}"]`, value, "nothing")];
}
