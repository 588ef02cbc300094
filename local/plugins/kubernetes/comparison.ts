/**
 * A live object in the form of the inputs that made it, as the official plug-in compares them: only what the inputs
 * name is compared, a list item by item up to the inputs' length. What others add to an object is not a difference.
 */
import { isProperties, type Properties, type Value } from "../shared/values";

export interface Comparison {
  /**
   * Whether the API rewrites what it receives: it leaves out empty values and writes quantities in its own form. It
   * does so with its own kinds, whose inputs the official plug-in converts to the API's form; it leaves those of custom
   * resources unchanged.
   */
  readonly rewritten: boolean;
  /** Whether items at the end of a list that the inputs do not have count as differences. Default: false */
  readonly added?: boolean;
}

/** The inputs that would lead to the live object. */
export function liveInputs(inputs: Properties, live: Properties, how: Comparison): Properties {
  return { ...liveProperties(inputs, live, how, []), ...liveSecretTexts(inputs, live) };
}

/** Text that a Secret was given is kept by the API as base64 under another name. */
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

function liveProperties(
  inputs: Properties,
  live: Properties,
  how: Comparison,
  steps: readonly string[],
): Properties {
  const seen = Object.entries(inputs).flatMap(([name, input]): [string, Value][] => {
    const value = liveValue(input, live[name], how, [...steps, name]);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(seen);
}

function liveValue(
  input: Value,
  live: Value | undefined,
  how: Comparison,
  steps: readonly string[],
): Value | undefined {
  // Null sets nothing.
  if (input === null && how.rewritten) return input;
  if (live === undefined) return how.rewritten && isEmpty(input) ? input : undefined;
  if (isProperties(input) && isProperties(live)) return liveProperties(input, live, how, steps);
  if (Array.isArray(input) && Array.isArray(live)) {
    const looked = how.added === true ? live : live.slice(0, input.length);
    return looked.map((item, index) => {
      const wanted = input[index];
      return wanted === undefined ? item : (liveValue(wanted, item, how, steps) ?? null);
    });
  }
  return how.rewritten && sameQuantity(input, live, steps) ? input : live;
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

/** The API writes quantities of resources in its own form: 1000m is 1, and 0.5Gi is 512Mi. */
function sameQuantity(input: Value, live: Value, steps: readonly string[]): boolean {
  if (!["limits", "requests"].includes(steps.at(-2) ?? "")) return false;
  return amountOf(input) !== undefined && amountOf(input) === amountOf(live);
}

function amountOf(quantity: Value): number | undefined {
  if (typeof quantity !== "string" && typeof quantity !== "number") return undefined;
  const [, digits, suffix = ""] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  const multiplier = multipliers.get(suffix);
  // Rounded to nine digits: 100m and 0.1 are the same in spite of floating-point errors.
  return multiplier === undefined
    ? undefined
    : Number((Number(digits) * multiplier).toPrecision(9));
}
