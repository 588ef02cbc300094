/** Checks of inputs that the plug-ins share. */
import type { CheckFailure } from "./plugin";
import { isProperties, type Properties, unknown, type Value } from "./values";

/** The type of an input; `properties` and `list` may contain any values. */
export type InputKind = "boolean" | "integer" | "string" | "list" | "properties";

export interface InputRule {
  kind: InputKind;
  required?: boolean;
}

const kindTests: Readonly<Record<InputKind, (value: Value) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  integer: (value) => Number.isInteger(value),
  string: (value) => typeof value === "string",
  list: (value) => Array.isArray(value),
  properties: isProperties,
};

/** The inputs without those that are null, which mean the same as absent ones. */
export function withoutNulls(inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null));
}

/**
 * What is wrong with the inputs: those that are missing, of the wrong kind, or not implemented.
 * @param plugin the package that the plug-in stands in for, for the message
 */
export function inputFailures(
  inputs: Properties,
  rules: Readonly<Record<string, InputRule>>,
  plugin: string,
): CheckFailure[] {
  const given = Object.entries(inputs).flatMap(([property, value]) => {
    const rule = rules[property];
    if (rule === undefined) return [unsupported(property, plugin)];
    if (value === unknown || kindTests[rule.kind](value)) return [];
    return [{ property, reason: `${property} has to be of kind ${rule.kind}` }];
  });
  const missing = Object.entries(rules)
    .filter(([property, rule]) => rule.required === true && inputs[property] === undefined)
    .map(([property]) => ({ property, reason: `${property} is required` }));
  return [...given, ...missing];
}

/** @throws Error when the property is not a text */
export function textAt(properties: Properties, name: string): string {
  const value = properties[name];
  if (typeof value === "string") return value;
  throw new Error(`${name} has to be a text`);
}

/** The failure for an input that the stand-in would otherwise ignore. */
export function unsupported(property: string, plugin: string): CheckFailure {
  const reason = `the stand-in for the ${plugin} plugin does not implement the argument ${property}; use the official plugin`;
  return { property, reason };
}
