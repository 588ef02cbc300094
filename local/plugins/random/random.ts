/** The stand-in for Pulumi's random plug-in: passwords, strings and ids. */
import { randomBytes } from "node:crypto";
import { differenceOf } from "../shared/difference";
import { inputFailures, type InputRule, withoutNulls } from "../shared/inputs";
import type { CheckFailure, Plugin, ResourceType } from "../shared/plugin";
import { hasUnknown, type Properties } from "../shared/values";
import { sdkVersion } from "../shared/version";
import { impossibility, randomString, stringArguments } from "./characters";

/** A random value has no server: it exists in the state only. */
type NoConnection = Record<string, never>;

interface RandomType {
  rules: Readonly<Record<string, InputRule>>;
  /** The outputs for inputs that are left out. */
  defaults: Properties;
  computed: readonly string[];
  secrets: readonly string[];
  /** @returns only the outputs that are generated */
  generate(settings: Properties): { id: string; outputs: Properties };
  impossibility?(settings: Properties): string | undefined;
}

const stringRules: Readonly<Record<string, InputRule>> = {
  keepers: { kind: "properties" },
  length: { kind: "integer", required: true },
  lower: { kind: "boolean" },
  upper: { kind: "boolean" },
  number: { kind: "boolean" },
  numeric: { kind: "boolean" },
  special: { kind: "boolean" },
  minLower: { kind: "integer" },
  minUpper: { kind: "integer" },
  minNumeric: { kind: "integer" },
  minSpecial: { kind: "integer" },
  overrideSpecial: { kind: "string" },
};

const stringDefaults: Properties = {
  lower: true,
  upper: true,
  numeric: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
};

function stringImpossibility(inputs: Properties): string | undefined {
  const parsed = stringArguments.safeParse(inputs);
  if (parsed.success) return impossibility(parsed.data);
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".") ?? "input"}: ${issue?.message ?? "is invalid"}`;
}

function generated(inputs: Properties): string {
  return randomString(stringArguments.parse(inputs));
}

const types: Readonly<Record<string, RandomType>> = {
  // The official plug-in also has `bcryptHash`; this program does not read it, so it is left out.
  "random:index/randomPassword:RandomPassword": {
    rules: stringRules,
    defaults: stringDefaults,
    computed: ["result"],
    secrets: ["result"],
    impossibility: stringImpossibility,
    generate: (settings) => ({ id: "none", outputs: { result: generated(settings) } }),
  },
  "random:index/randomString:RandomString": {
    rules: stringRules,
    defaults: stringDefaults,
    computed: ["result"],
    secrets: [],
    impossibility: stringImpossibility,
    generate: (settings) => {
      const result = generated(settings);
      return { id: result, outputs: { result } };
    },
  },
  "random:index/randomId:RandomId": {
    rules: {
      keepers: { kind: "properties" },
      byteLength: { kind: "integer", required: true },
      prefix: { kind: "string" },
    },
    defaults: {},
    computed: ["b64Std", "b64Url", "dec", "hex"],
    secrets: [],
    generate: ({ byteLength, prefix: given }) => {
      const bytes = randomBytes(Number(byteLength));
      const prefix = typeof given === "string" ? given : "";
      const hex = bytes.toString("hex");
      const id = bytes.toString("base64url");
      const outputs = {
        b64Std: prefix + bytes.toString("base64"),
        b64Url: prefix + id,
        dec: prefix + BigInt(`0x${hex || "0"}`).toString(),
        hex: prefix + hex,
      };
      return { id, outputs };
    },
  },
};

function resourceType(type: RandomType): ResourceType<NoConnection> {
  const immutable = Object.keys(type.rules);
  return {
    computed: type.computed,
    secrets: type.secrets,
    check(given) {
      const inputs = withoutNulls(given);
      return { inputs, failures: failuresOf(type, inputs) };
    },
    // Every argument affects the value, so every change makes a new one. A default that is written out is not a change.
    difference: (previous, inputs) =>
      differenceOf(settingsOf(type, previous), settingsOf(type, inputs), immutable, false),
    create: (_, { inputs }) => {
      const settings = settingsOf(type, inputs);
      const { id, outputs } = type.generate(settings);
      return Promise.resolve({ id, outputs: { ...settings, ...outputs } });
    },
    read: (_, { inputs, outputs }) => Promise.resolve({ inputs, outputs }),
    update: (_, { outputs }, { inputs }) =>
      Promise.resolve({ ...outputs, ...settingsOf(type, inputs) }),
    delete: () => Promise.resolve(),
  };
}

/** The inputs with the defaults of those that are left out. `number` is the old name of `numeric`: both are outputs. */
function settingsOf({ defaults }: RandomType, inputs: Properties): Properties {
  if (defaults.numeric === undefined) return inputs;
  const numeric = inputs.numeric ?? inputs.number ?? defaults.numeric;
  return { ...defaults, ...inputs, number: numeric, numeric };
}

function failuresOf(type: RandomType, inputs: Properties): CheckFailure[] {
  const failures = inputFailures(inputs, type.rules, "random");
  if (failures.length > 0 || hasUnknown(inputs)) return failures;
  const reason = type.impossibility?.(settingsOf(type, inputs));
  return reason === undefined ? [] : [{ property: "", reason }];
}

const resourceTypes = new Map(
  Object.entries(types).map(([token, type]) => [token, resourceType(type)]),
);

export const random: Plugin<NoConnection> = {
  name: "random",
  version: sdkVersion("random"),
  replacesProvider: () => [],
  connect: () => Promise.resolve({}),
  resourceType: (token) => resourceTypes.get(token),
};
