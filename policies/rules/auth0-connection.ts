import { z } from "zod";
import { absentOr, atLeast, type Expectation, oneOf, unexpected, where } from "../expectation";
import { at } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";

/** Auth0's password policies, the weakest first. */
const passwordPolicies = ["none", "low", "fair", "good", "excellent"] as const;

const settings = z.object({
  strategies: z
    .array(z.string())
    .default(["auth0"])
    .describe("Where users may come from; auth0 is a user store of the tenant's own"),
  minimumPasswordPolicy: z
    .literal(passwordPolicies)
    .default("good")
    .describe("The weakest password policy that a user store may have"),
  minimumPasswordLength: z
    .number()
    .default(8)
    .describe("The least length where a user store says one of its own"),
  allowSignup: z.boolean().default(false).describe("Whether users may sign up themselves"),
  allowCustomScripts: z
    .boolean()
    .default(false)
    .describe("Whether a user store may be a database that scripts of the tenant's ask"),
});

type Settings = z.infer<typeof settings>;

/** https://auth0.com/docs/authenticate/database-connections */
export const auth0Connection = resourceRule({
  name: "auth0-connection",
  description: "Users come from a store with a good password policy and without sign-up.",
  severity: "high",
  remediation: "Say the user store's password policy, that sign-ups are disabled, and protection.",
  settings,
  judge(resource, settings) {
    if (resource.type !== "auth0:index/connection:Connection") return [];
    const { strategy } = resource.inputs;
    const strategies = unexpected(resource, [oneOf("strategy", settings.strategies)]);
    if (strategy !== "auth0") return strategies;
    const scripts = settings.allowCustomScripts ? [] : customized(resource);
    return [...strategies, ...unexpected(resource, userStore(resource, settings)), ...scripts];
  },
});

/** What every user store has to be like. */
function userStore(resource: Resource, settings: Settings): Expectation[] {
  return [
    ...passwords(resource, settings),
    oneOf("options.disableSignup", settings.allowSignup ? [true, false] : [true]),
    oneOf("options.bruteForceProtection", [true]),
  ];
}

/** The newer options for passwords replace the policies. */
function passwords({ inputs }: Resource, settings: Settings): Expectation[] {
  const { minimumPasswordPolicy, minimumPasswordLength } = settings;
  if (at(inputs, "options", "passwordOptions") !== undefined)
    return [atLeast("options.passwordOptions.complexity.minLength", minimumPasswordLength)];
  const length = atLeast("options.passwordComplexityOptions.minLength", minimumPasswordLength);
  return [
    oneOf(
      "options.passwordPolicy",
      passwordPolicies.slice(passwordPolicies.indexOf(minimumPasswordPolicy)),
    ),
    { ...length, accepts: (value) => value === undefined || length.accepts(value) },
  ];
}

/** No message contains the scripts: a password for the database may be in one. */
function customized(resource: Resource): Finding[] {
  const enabled = unexpected(resource, [absentOr("options.enabledDatabaseCustomization", [false])]);
  const scripts = at(resource.inputs, "options", "customScripts");
  if (scripts === undefined) return enabled;
  const names = typeof scripts === "object" && scripts !== null ? Object.keys(scripts) : scripts;
  return [
    ...enabled,
    { where: where(resource, "options.customScripts"), has: names, write: "none" },
  ];
}
