/** The row that a rule has in the policy pack's README: its link, severity, description and settings. */
import type { Rule } from "../../../policies/rule";

/** A rule as the pack's README lists it. */
export function ruleRow({ name, severity, description, configSchema }: Rule): string {
  const settings = Object.keys(configSchema.properties).map((setting) => `\`${setting}\``);
  return `| [\`${name}\`](rules/${name}.ts) | ${severity ?? ""} | ${description} | ${settings.join(", ")} |`;
}
