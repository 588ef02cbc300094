/** The policy pack's complete configuration for a stack. */
import type { Application } from "../../../components/application";
import type { Rule } from "../../../policies/rule";
import type { Choice, Level } from "./choice";
import { type DerivedFrom, derivedSettings } from "./derived";

/** How one rule judges a stack. */
export interface RuleConfiguration {
  readonly level: Level;
  /**
   * The settings in the stack's file override those that follow from its configuration; the rule has defaults for the
   * rest.
   */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** By the rule's name. */
export type PackConfiguration = Readonly<Record<string, RuleConfiguration>>;

/**
 * @param rules the pack
 * @param application whose table the rules compare with
 * @param settings the stack's, with their defaults
 * @param choice the levels and settings of its file; without it every rule is mandatory
 */
export function packConfiguration(
  rules: readonly Rule[],
  application: Application,
  settings: DerivedFrom,
  choice: Choice = {},
): PackConfiguration {
  const derived = Object.entries(derivedSettings(application, settings));
  return Object.fromEntries(
    rules.map(({ name, settings: { shape } }) => {
      const own = derived.filter(([setting]) => Object.hasOwn(shape, setting));
      const chosen = choice[name];
      return [
        name,
        {
          level: chosen?.level ?? "mandatory",
          settings: { ...Object.fromEntries(own), ...chosen?.settings },
        },
      ];
    }),
  );
}

/** As `--policy-pack-config FILE` of the Pulumi CLI expects it. */
export function crossGuardConfiguration(configuration: PackConfiguration): string {
  const entries = Object.entries(configuration).map(
    ([name, { level, settings }]) => [name, { enforcementLevel: level, ...settings }] as const,
  );
  return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`;
}
