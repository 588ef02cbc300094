/** The page about settings that weaken, as the tables have them. `node --import tsx test/unit/policies/pages/write.ts` writes it. */
import { subjects } from "../../../../policies/weakening";
import { accepted, type Setting, type Subject } from "../../../../policies/weakening/setting";

const heading = `# Settings that weaken, and what the pack says of each

Written from the tables in [\`weakening/\`](weakening), which are what the rules judge by. A setting that is in no table
is a violation, since its effect is not known, unless its section says otherwise. \`allowedSettings\` of the rule lets one
be, by its name here. What is
empty says nothing, except where a setting has to be set.
`;

export function weakeningsPage(): string {
  return [heading, ...subjects.map(section)].join("\n");
}

function section({ title, source, rule, settings, harmless, others }: Subject): string {
  const rows = settings.map(row).join("\n");
  const names = [...new Set(harmless)].sort().map(code).join(", ");
  const rest = others === "nothing" ? "Others are not judged here." : `Weaken nothing: ${names}.`;
  return `## ${title}

Read in ${source}. Judged by ${rule}.

| setting | may be | another value |
| --- | --- | --- |
${rows}

${rest}
`;
}

function row(setting: Setting): string {
  const { name, values, required, why } = setting;
  const words =
    values === undefined || values.length === 0 ? accepted(setting) : values.map(text).join(" or ");
  const must = required === true ? ", and has to be set" : "";
  return `| ${code(name)} | ${words}${must} | ${why} |`;
}

const text = (value: string | number | boolean) => code(value === "" ? '""' : String(value));
const code = (name: string) => `\`${name}\``;
