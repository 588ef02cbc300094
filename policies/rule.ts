/** What a rule is, and how the engine runs it. */
import type {
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  Severity,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import { z } from "zod";
import { settingsProblems, withReason } from "./configuration";
import { show } from "./reading";
import { objectsOf, read, type Resource, resourceOf } from "./resource";

/** What was found, of a place and its object: `spec.mtls.mode of PeerAuthentication shop/one`. */
type Found =
  /** The value that is there, and more about it: `which Istio does not know`. */
  | { readonly where: string; readonly is: unknown; readonly note?: string }
  /** One entry of the value. */
  | { readonly where: string; readonly has: unknown; readonly note?: string }
  /** In words: `admits requests without a token`. There is no place if something is missing from the stack. */
  | { readonly where?: string; readonly found: string };

/** One violation. It must not contain a secret. */
export type Finding = Found & {
  /** What to write instead. */
  readonly write: string;
  /** The resource, for a rule that judges the whole stack; absent if something is missing from the stack. */
  readonly resource?: Resource;
};

/** The message: `spec.mtls.mode of PeerAuthentication shop/one is "PERMISSIVE". Write "STRICT"`. */
export const messageOf = (finding: Finding): string =>
  `${clauseOf(finding)}. Write ${finding.write}`;

function clauseOf(found: Found): string {
  if ("found" in found) return [found.where ?? [], found.found].flat().join(" ");
  const what = "is" in found ? `is ${show(found.is)}` : `has ${show(found.has)}`;
  return [`${found.where} ${what}`, found.note ?? []].flat().join(", ");
}

interface Definition<Settings extends z.ZodObject> {
  readonly name: string;
  /** A sentence that says what has to be true. */
  readonly description: string;
  readonly severity: Severity;
  /** How to fix a program that breaks it. */
  readonly remediation: string;
  /** What the pack's configuration may set: each with its default. */
  readonly settings: Settings;
}

interface ResourceDefinition<Settings extends z.ZodObject> extends Definition<Settings> {
  /** Judges one resource, by its inputs. */
  judge(resource: Resource, settings: z.infer<Settings>): readonly Finding[];
}

/** The resources whose outputs are used in one of a resource's inputs, even if a preview knows none of their values. */
export type MadeOf = (resource: Resource, input: string) => readonly Resource[];

/** An output of a resource's provider: undefined if it has no such output, unknown if a preview cannot know it. */
export type OutputOf = (resource: Resource, output: string) => unknown;

interface StackDefinition<Settings extends z.ZodObject> extends Definition<Settings> {
  /** Judges all of the stack's resources together, by their inputs. */
  judgeAll(
    resources: readonly Resource[],
    settings: z.infer<Settings>,
    madeOf: MadeOf,
    outputOf: OutputOf,
  ): readonly Finding[];
}

/** A policy of the SDK's: each one has a schema of its configuration, and the code that checks it. */
export type Rule = ResourceRule | StackRule;

interface Configured {
  readonly configSchema: PolicyConfigSchema;
  readonly settings: z.ZodObject;
}

type ResourceRule = ResourceValidationPolicy &
  Configured & {
    /** What the policy reports. */
    readonly findings: (args: ResourceValidationArgs) => readonly Finding[];
  };

type StackRule = StackValidationPolicy &
  Configured & {
    /** Collects a resource. */
    readonly validateResource: ResourceValidation;
    /** What the policy reports of the collected resources. */
    readonly findings: (args: StackValidationArgs) => readonly Finding[];
  };

/** A rule that judges each resource alone. */
export function resourceRule<Settings extends z.ZodObject>(
  definition: ResourceDefinition<Settings>,
): ResourceRule {
  const settingsOf = settingsReader(definition);
  const findings = (args: ResourceValidationArgs) => {
    const settings = settingsOf(args);
    return objectsOf(resourceOf(args)).flatMap((object) => definition.judge(object, settings));
  };
  return {
    ...described(definition),
    findings,
    validateResource(args: ResourceValidationArgs, report: ReportViolation) {
      reportAll(findings(args), report);
    },
  };
}

/**
 * A rule for several resources together. It collects the inputs of each, and judges at the end: the engine itself then
 * has outputs, of which a preview without a cluster has none.
 */
export function stackRule<Settings extends z.ZodObject>(
  definition: StackDefinition<Settings>,
): StackRule {
  const settingsOf = settingsReader(definition);
  const collected = new Map<string, readonly Resource[]>();
  const findings = (args: StackValidationArgs) => {
    const settings = settingsOf(args);
    const resources = [...collected.values()].flat();
    const madeOf = inputsReader(args, new Map(collected));
    collected.clear();
    return definition.judgeAll(resources, settings, madeOf, outputsReader(args));
  };
  return {
    ...described(definition),
    findings,
    validateResource(args: ResourceValidationArgs) {
      collected.set(args.urn, objectsOf(resourceOf(args)));
    },
    validateStack(args: StackValidationArgs, report: ReportViolation) {
      reportAll(findings(args), report);
    },
  };
}

function inputsReader(
  { resources }: Pick<StackValidationArgs, "resources">,
  collected: ReadonlyMap<string, readonly Resource[]>,
): MadeOf {
  const known = new Map(resources.map((one) => [one.urn, one.propertyDependencies]));
  return ({ urn }, input) =>
    (known.get(urn)?.[input] ?? []).flatMap((source) => collected.get(source.urn) ?? []);
}

function outputsReader({ resources }: Pick<StackValidationArgs, "resources">): OutputOf {
  const known = new Map(resources.map((one) => [one.urn, one.props as unknown]));
  return ({ urn }, output) => {
    const props = known.get(urn);
    return typeof props === "object" && props !== null ? read(props, output) : undefined;
  };
}

function described<Settings extends z.ZodObject>(definition: Definition<Settings>) {
  const { name, description, severity, remediation, settings } = definition;
  return {
    name,
    description,
    severity,
    remediationSteps: remediation,
    configSchema: schemaOf(settings),
    settings,
  };
}

function schemaOf(settings: z.ZodObject): PolicyConfigSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(settings, { io: "input" });
  // zod writes JSON Schema, of which the SDK's type is a part.
  return { properties: properties as PolicyConfigSchema["properties"], required };
}

/**
 * Reads the configuration. The schema is made once and not for each resource, because that takes longer than judging
 * it.
 */
function settingsReader<Settings extends z.ZodObject>({ name, settings }: Definition<Settings>) {
  const schema = withReason(settings);
  return ({ getConfig }: Pick<StackValidationArgs, "getConfig">): z.infer<Settings> => {
    const given = getConfig<object>();
    const { data } = schema.safeParse(given);
    // The schema is the rule's own, with a reason that no rule reads.
    if (data !== undefined) return data as z.infer<Settings>;
    const problems = settingsProblems({ name, settings }, given);
    throw new Error(`the pack's configuration is wrong: ${problems.join("; ")}`);
  };
}

function reportAll(findings: readonly Finding[], report: ReportViolation): void {
  for (const finding of findings) report(messageOf(finding), finding.resource?.urn);
}
