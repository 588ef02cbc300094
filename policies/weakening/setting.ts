/**
 * What the pack says about the settings with which a program can be weakened: data, from which rules judge and a page
 * is made.
 */
import { show } from "../reading";
import { unknown } from "../resource";
import type { Finding } from "../rule";

/** A setting that can weaken. */
export interface Setting {
  /** As it is written: a flag, an annotation, or the names that lead to it; `[]` means each entry of a list. */
  readonly name: string;
  /** The only values that it may have; none: it must not be set. Left out if the rule itself judges it. */
  readonly values?: readonly (string | number | boolean)[];
  /** Whether it has to be set: its default is weaker. */
  readonly required?: true;
  /** What it may be, in words, if the rule itself judges it. */
  readonly may?: string;
  /** What another value opens. */
  readonly why: string;
}

/** All settings of one program, or of one kind of object. */
export interface Subject {
  /** `OAuth2-Proxy's flags` */
  readonly title: string;
  /** Where the settings were read: a project and its version. */
  readonly source: string;
  /** The rule that judges them. */
  readonly rule: string;
  readonly settings: readonly Setting[];
  /** The settings that weaken nothing, with all their contents. */
  readonly harmless: readonly string[];
  /** What the pack says about a setting that is in neither list. */
  readonly others: "a violation" | "nothing";
}

/** A setting that a program has. */
export interface Given {
  readonly name: string;
  readonly value: unknown;
}

/** How a rule judges a setting itself: what to write instead, or undefined if the value is good. */
export type Judgments = Readonly<Record<string, (value: unknown) => string | undefined>>;

export interface SubjectArgs {
  readonly subject: Subject;
  /** Every setting that the program has. One that is there twice is judged twice. */
  readonly given: readonly Given[];
  /** The place of a setting, for a message. */
  readonly where: (name: string) => string;
  /** By the name of a setting that has no values in the table. */
  readonly judgments?: Judgments;
  /** Settings that may have any value. */
  readonly allowed?: readonly string[];
  /** Whether settings that have to be set are asked for. Default: true. */
  readonly isComplete?: boolean;
}

/** Which of the settings weaken, in the order in which they are given; missing ones come last. */
export function judgeSettings(args: SubjectArgs): Finding[] {
  const { subject, given, where, allowed = [], isComplete = true } = args;
  const judged = given.filter(({ name }) => !allowed.some((one) => covers(one, name)));
  const missing = subject.settings.filter(
    ({ name, required }) =>
      required === true &&
      isComplete &&
      !allowed.includes(name) &&
      !given.some((one) => plain(one.name) === name),
  );
  return [
    ...judged.flatMap((one) => judgeSetting(one, args)),
    ...missing.map((setting) => ({
      where: where(setting.name),
      is: undefined,
      write: accepted(setting, args.judgments?.[setting.name]?.(undefined)),
    })),
  ];
}

function judgeSetting({ name, value }: Given, args: SubjectArgs): Finding[] {
  const { subject, where, judgments = {} } = args;
  const setting = subject.settings.find((one) => one.name === plain(name));
  if (setting === undefined) return judgeOther({ name, value }, args);
  const own = judgments[setting.name]?.(value);
  if (setting.values === undefined) {
    if (own === undefined) return [];
    return [{ where: where(name), is: value, write: own }];
  }
  // An empty value has no effect.
  if (setting.values.length === 0 && value === "") return [];
  if (value !== unknown && setting.values.some((one) => String(one) === String(value))) return [];
  return [{ where: where(name), is: value, write: accepted(setting) }];
}

/** A setting below a listed one belongs to it. */
function judgeOther({ name, value }: Given, { subject, where }: SubjectArgs): Finding[] {
  const isAbove = subject.settings.some((one) => covers(plain(name), one.name));
  if (isAbove && value === unknown)
    return [{ where: where(name), is: value, write: "what the program knows" }];
  const above = subject.settings.find((one) => covers(one.name, name));
  if (above?.values?.length === 0)
    return [{ where: where(name), found: "is set", write: accepted(above) }];
  const isListed = [...subject.harmless, ...subject.settings.map((one) => one.name)].some((one) =>
    covers(one, name),
  );
  if (isListed || subject.others === "nothing") return [];
  const write = "nothing, or allow it in the pack's configuration once it is known to be safe";
  return [{ where: where(name), found: "is a setting that the pack does not know", write }];
}

/** Without the positions in lists. */
const plain = (name: string) => name.replace(/\[\d+\]/g, "[]");

/** Whether a name is the listed one, or below it. A list's own entries are treated as the list. */
function covers(listed: string, name: string): boolean {
  const one = plain(name);
  return one === listed || ["[", "."].some((next) => one.startsWith(`${listed}${next}`));
}

/** What a setting may be, in words. */
export function accepted({ values, may }: Setting, own?: string): string {
  if (own !== undefined) return own;
  if (values === undefined) return may ?? "";
  if (values.length === 0) return "nothing";
  return values.map(show).join(" or ");
}
