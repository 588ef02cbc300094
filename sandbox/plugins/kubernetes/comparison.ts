/** A live object in the terms of the inputs that made it, so that a change by hand shows. */
import { isDeepStrictEqual } from "node:util";
import { isProperties, type Properties, type Value } from "../shared/values";

/**
 * The inputs that would lead to the live object. Of what the API fills in by itself, and of labels
 * and annotations, only what the inputs set is looked at.
 * @param defaulted whether the API fills in the rest of the object. A custom resource it leaves
 *   alone, so there everything in the specification counts: also what somebody added by hand.
 */
export function liveInputs(inputs: Properties, live: Properties, defaulted: boolean): Properties {
  const names = new Set([...Object.keys(inputs), ...(defaulted ? [] : ["spec"])]);
  const seen = [...names].flatMap((name): [string, Value][] => {
    const everything = !defaulted && name !== "metadata";
    const value = liveValue(inputs[name], live[name], everything, [name]);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(seen), ...liveSecretTexts(inputs, live) };
}

/** What a Secret was given as text, the API keeps as base64 under another name. */
function liveSecretTexts(inputs: Properties, live: Properties): Properties {
  const { stringData } = inputs;
  const { data } = live;
  if (!isProperties(stringData) || live.kind !== "Secret") return {};
  const texts = Object.keys(stringData).flatMap((name) => {
    const encoded = isProperties(data) ? data[name] : undefined;
    if (typeof encoded !== "string") return [];
    return [[name, Buffer.from(encoded, "base64").toString()] as const];
  });
  return { stringData: Object.fromEntries(texts) };
}

function liveValue(
  input: Value | undefined,
  live: Value | undefined,
  everything: boolean,
  steps: readonly string[],
): Value | undefined {
  if (input === undefined) return live;
  // Null sets nothing, neither in a manifest nor in an apply.
  if (input === null) return input;
  // The API drops empty values, so an empty input and no live value are the same.
  if (live === undefined) return isEmpty(input) ? input : undefined;
  if (isProperties(input) && isProperties(live)) {
    const names = everything ? [...Object.keys(input), ...Object.keys(live)] : Object.keys(input);
    const seen = [...new Set(names)].flatMap((name): [string, Value][] => {
      const value = liveValue(input[name], live[name], everything, [...steps, name]);
      return value === undefined ? [] : [[name, value]];
    });
    return Object.fromEntries(seen);
  }
  if (Array.isArray(input) && Array.isArray(live)) {
    return aligned(input, live).map(
      ([item, found]) => liveValue(item, found, everything, steps) ?? null,
    );
  }
  return sameQuantity(input, live, steps) ? input : live;
}

/** The live items, each with the input that it comes from: of the same name where both have names. */
function aligned(inputs: Value[], live: Value[]): [Value | undefined, Value][] {
  if (![...inputs, ...live].every((item) => nameOf(item) !== undefined)) {
    return live.map((found, index) => [inputs[index], found]);
  }
  const known = inputs.flatMap((item): [Value, Value][] => {
    const found = live.find((other) => nameOf(other) === nameOf(item));
    return found === undefined ? [] : [[item, found]];
  });
  const names = new Set(inputs.map(nameOf));
  const others = live.filter((found) => !names.has(nameOf(found)));
  return [...known, ...others.map((found): [undefined, Value] => [undefined, found])];
}

function nameOf(item: Value): string | undefined {
  return isProperties(item) && typeof item.name === "string" ? item.name : undefined;
}

function isEmpty(value: Value): boolean {
  if (isProperties(value)) return Object.keys(value).length === 0;
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === "" || value === false || value === 0;
}

const decimalPowers = { n: -3, u: -2, m: -1, "": 0, k: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };
const binaryPowers = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };

const multipliers = new Map([
  ...Object.entries(decimalPowers).map(([suffix, power]) => [suffix, 1000 ** power] as const),
  ...Object.entries(binaryPowers).map(([suffix, power]) => [suffix, 1024 ** power] as const),
]);

/** The API writes amounts of resources in its own way: 1000m is 1, and 0.5Gi is 512Mi. */
function sameQuantity(input: Value, live: Value, steps: readonly string[]): boolean {
  if (!["limits", "requests"].includes(steps.at(-2) ?? "")) return false;
  return amountOf(input) !== undefined && amountOf(input) === amountOf(live);
}

function amountOf(quantity: Value): number | undefined {
  if (typeof quantity !== "string" && typeof quantity !== "number") return undefined;
  const [, digits, suffix = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  const multiplier = multipliers.get(suffix);
  // To nine digits: 100m and 0.1 are the same, whatever floating point makes of them.
  return multiplier === undefined
    ? undefined
    : Number((Number(digits) * multiplier).toPrecision(9));
}

/**
 * The JSON Patch operations that turn what is live into the inputs. Server-side apply takes out
 * only what its own manager put in; what somebody else added to a list, or to a custom resource,
 * has to go by name.
 */
export function repairs(seen: Value, inputs: Value, path = ""): Value[] {
  if (isDeepStrictEqual(seen, inputs)) return [];
  if (isProperties(seen) && isProperties(inputs)) {
    const names = new Set([...Object.keys(seen), ...Object.keys(inputs)]);
    return [...names].flatMap((name) => {
      const step = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const [before, after] = [seen[name], inputs[name]];
      if (after === undefined) return [{ op: "remove", path: step }];
      return before === undefined
        ? [{ op: "add", path: step, value: after }]
        : repairs(before, after, step);
    });
  }
  // A list as a whole: its live order need not be the inputs'.
  return [{ op: "replace", path, value: inputs }];
}
