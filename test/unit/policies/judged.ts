/** Has a rule judge resources as the engine would: by the SDK's own arguments. */
import type {
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  StackValidationArgs,
} from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy";
import { show } from "../../../policies/reading";
import type { Finding, Rule } from "../../../policies/rule";

/** The SDK's own way to hand out inputs, which throws wherever one is not known; its types leave it out. */
const sdk = proxy as unknown as {
  readonly unknownCheckingProxy: (inputs: object) => Record<string, unknown>;
  readonly unknownStringValue: string;
};

/** What an input is that a preview cannot know. */
export const notKnown = sdk.unknownStringValue;

export interface Given {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  /** The outputs that the program marks as secrets. */
  readonly additionalSecretOutputs?: readonly string[];
  /** What its provider gives it, by the output's name. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** The provider's name. */
  readonly provider?: string;
  /** By the input: the resources whose outputs it is made of, by kind and name as {@link titleOf} has them. */
  readonly references?: Readonly<Record<string, readonly string[]>>;
}

/** A resource in a few words: `Client identity-web`. */
export const titleOf = ({ type, name = "" }: Given) => `${type.split(":").at(-1) ?? type} ${name}`;

/** A finding's own fields, with its values as a message shows them. */
export interface Violation {
  readonly where?: string;
  readonly is?: string;
  readonly has?: string;
  readonly note?: string;
  readonly found?: string;
  readonly write: string;
  /** The resource's name, or undefined for the stack. */
  readonly resource: string | undefined;
}

/** @returns every finding, in the order in which they are reported */
export async function judged(
  rule: Rule,
  resources: readonly Given[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Violation[]> {
  const given = resources.map((one, position) => argumentsOf(one, position, settings));
  if (!("validateStack" in rule))
    return given.flatMap((args) => rule.findings(args).map((one) => violationOf(one, args.name)));
  for (const args of given) await rule.validateResource(args, atTheEnd);
  return rule.findings(stackOf(resources, given, settings)).map((one) => violationOf(one));
}

/** @returns every message that the engine gets, and the URN, where the rule says it */
export async function reported(
  rule: Rule,
  resources: readonly Given[],
): Promise<(readonly [message: string, urn: string | undefined])[]> {
  const all: (readonly [string, string | undefined])[] = [];
  const report: ReportViolation = (message, urn) => {
    all.push([message, urn]);
  };
  const given = resources.map((one, position) => argumentsOf(one, position, {}));
  const isOfStack = "validateStack" in rule;
  for (const validation of [rule.validateResource].flat())
    for (const args of given) await validation?.(args, isOfStack ? atTheEnd : report);
  if (isOfStack) await rule.validateStack(stackOf(resources, given, {}), report);
  return all;
}

function atTheEnd(): never {
  throw new Error("a rule that judges the stack reports at the end");
}

const stackOf = (
  resources: readonly Given[],
  given: readonly ResourceValidationArgs[],
  settings: object,
): StackValidationArgs => ({
  resources: engineResources(resources, given),
  stackTags: new Map(),
  getConfig: configured(settings),
  notApplicable,
});

function violationOf({ resource, ...finding }: Finding, about?: string): Violation {
  const name = resource?.urn.split("::").at(-1) ?? about;
  if ("is" in finding) return { ...finding, is: show(finding.is), resource: name };
  if ("has" in finding) return { ...finding, has: show(finding.has), resource: name };
  return { ...finding, resource: name };
}

/** As in a preview without a cluster: what is known of each is what its inputs are made of. */
function engineResources(
  resources: readonly Given[],
  given: readonly ResourceValidationArgs[],
): PolicyResource[] {
  const engine = given.map(({ type, name, urn, opts }, position): PolicyResource => {
    const props = sdk.unknownCheckingProxy(structuredClone(resources[position]?.outputs ?? {}));
    const nothing = { dependencies: [], propertyDependencies: {}, props };
    return { type, name, urn, opts, ...nothing, isType: () => false, asType: () => undefined };
  });
  const byTitle = new Map(resources.map((one, position) => [titleOf(one), engine[position]]));
  for (const [position, { references = {} }] of resources.entries()) {
    for (const [input, titles] of Object.entries(references)) {
      const made = titles.flatMap((title) => byTitle.get(title) ?? []);
      Object.assign(engine[position]?.propertyDependencies ?? {}, { [input]: made });
    }
  }
  return engine;
}

const configured = (settings: object) => () => structuredClone(settings) as never;

/** The inputs of each resource as rules get them: they only read them, and one resource is given to many rules. */
const read = new WeakMap<object, Record<string, unknown>>();

function propsOf(inputs: object): Record<string, unknown> {
  const props = read.get(inputs) ?? sdk.unknownCheckingProxy(structuredClone(inputs));
  read.set(inputs, props);
  return props;
}

function argumentsOf(
  {
    type,
    name = "subject",
    inputs = {},
    protect = false,
    provider,
    additionalSecretOutputs = [],
  }: Given,
  position: number,
  settings: object,
): ResourceValidationArgs {
  return {
    type,
    name,
    // Unlike in a stack, tests may give two resources one name.
    urn: `urn:pulumi:stack::project-${position}::${type}::${name}`,
    props: propsOf(inputs),
    opts: {
      protect,
      ignoreChanges: [],
      aliases: [],
      additionalSecretOutputs: [...additionalSecretOutputs],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    },
    ...(provider !== undefined && {
      provider: {
        type: `pulumi:providers:${type.split(":")[0] ?? ""}`,
        name: provider,
        urn: `urn:pulumi:stack::project::pulumi:providers:any::${provider}`,
        props: {},
      },
    }),
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: configured(settings),
    notApplicable,
  };
}

function notApplicable(): never {
  throw new Error("no rule of this pack is left out by itself");
}
