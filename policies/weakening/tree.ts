/** A tree of values, such as a chart's, as single settings. */
import { isFields } from "../reading";
import type { Given } from "./setting";

/**
 * Every value with the names that lead to it: `global.proxy.logLevel`, `providers[0].scope`. A list of plain values is
 * one value. An empty list is left out, because it has no effect.
 */
export function settingsIn(value: unknown, name = ""): Given[] {
  if (Array.isArray(value)) {
    const all = value as readonly unknown[];
    if (!all.some((entry) => typeof entry === "object" && entry !== null))
      return all.length === 0 ? [] : [{ name, value }];
    return all.flatMap((entry, index) => settingsIn(entry, `${name}[${index}]`));
  }
  if (isFields(value))
    return Object.entries(value).flatMap(([key, field]) =>
      settingsIn(field, name === "" ? key : `${name}.${key}`),
    );
  return value === undefined || value === null ? [] : [{ name, value }];
}
