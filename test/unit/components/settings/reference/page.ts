/** The page of every setting, as the schema has them. `node --import tsx test/unit/components/settings/reference/write.ts` writes it. */
import { z } from "zod";

/** What the page needs of a schema in JSON; `expected` is what a wrong value is answered with. */
export interface Described {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly unset?: string;
  readonly default?: unknown;
  readonly expected?: string;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly required?: readonly string[];
  readonly items?: Described;
  readonly oneOf?: readonly Described[];
  readonly anyOf?: readonly Described[];
}

/** A value that no setting has. */
const wrong = Symbol("wrong");

/** The sections of a program's settings, each with its fields. */
export function sectionsOf(schema: z.ZodType): Readonly<Record<string, Described>> {
  const described = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      jsonSchema.expected = z.safeParse(zodSchema, wrong).error?.issues[0]?.message;
    },
  }) as Described;
  return described.properties ?? {};
}

/** A setting by its path, `identity.users[].email`, or a shape of a section that comes in several. */
export interface Field {
  readonly path: string;
  readonly schema: Described;
  readonly required: boolean;
}

/** The fields of an object or of a list's entries, each followed by those within it. */
export function fieldsOf(path: string, schema: Described): readonly Field[] {
  if (schema.items !== undefined) return fieldsOf(`${path}[]`, schema.items);
  const shapes = schema.oneOf ?? [schema];
  return shapes.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, field]) => {
      const below = `${path}.${name}`;
      const own = { path: below, schema: field, required: required.includes(name) };
      return [own, ...fieldsOf(below, field)];
    }),
  );
}

/** @throws Error where a field has no words, or a secret is no field */
export function settingsPage(
  sections: Readonly<Record<string, Described>>,
  secrets: ReadonlySet<string>,
  example: string,
): string {
  const known = Object.entries(sections).flatMap(([name, schema]) => fieldsOf(name, schema));
  for (const secret of secrets)
    if (!known.some(({ path }) => path === secret)) throw new Error(`no setting is ${secret}`);
  const parts = Object.entries(sections).map(([name, schema]) =>
    sectionText(name, schema, secrets),
  );
  return [heading(example), ...parts].join("\n");
}

const heading = (example: string) => `# Every setting

Written from the schema in [\`components/settings/\`](../components/settings), which is what a stack's settings are checked
by. A setting is set in \`Pulumi.STACK.yaml\`, or by \`pulumi config set --path PATH VALUE\`, a secret with \`--secret\`. In a
path, \`[]\` stands for an entry of a list: the first user's address is at \`identity.users[0].email\`. A key that is not
here is refused; all mistakes are reported at once, before anything is made.

\`\`\`yaml
${example.trimEnd()}
\`\`\`
`;

function sectionText(name: string, schema: Described, secrets: ReadonlySet<string>): string {
  const shapes = schema.oneOf;
  const absent = schema.default === undefined ? "It has to be set." : "It may be left out.";
  const start = `## ${name}\n\n${schema.description ?? ""} ${absent}\n`;
  if (shapes === undefined) return `${start}\n${table(name, schema, secrets)}`;
  const parts = shapes.map((shape) => {
    const [field = "", value = ""] = kindOf(shape);
    const rows = table(name, shape, secrets, field);
    return `### ${name}.${field}: ${value}\n\n${shape.description ?? ""}\n\n${rows}`;
  });
  return [start, ...parts].join("\n");
}

/** The field that tells a shape from others, and its value. */
function kindOf({ properties = {} }: Described): readonly string[] {
  const found = Object.entries(properties).find(([, field]) => field.const !== undefined);
  return found === undefined ? [] : [found[0], found[1].const ?? ""];
}

function table(
  name: string,
  schema: Described,
  secrets: ReadonlySet<string>,
  kind?: string,
): string {
  const fields = fieldsOf(name, schema).filter(({ path }) => path !== `${name}.${kind ?? ""}`);
  if (fields.length === 0) return "";
  const rows = fields.map((field) => row(field, secrets.has(field.path)));
  return `| setting | type | default | what it says |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

function row({ path, schema, required }: Field, isSecret: boolean): string {
  const { description, const: value } = schema;
  if (description === undefined && value === undefined) throw new Error(`${path} is not described`);
  const type = `${typeOf(schema)}${isSecret ? ", **secret**" : ""}`;
  const words = [description, allowed(schema)].filter((part) => part !== undefined).join(" ");
  return `| ${[code(path), type, fallback(schema, required), words].map(cell).join(" | ")} |`;
}

const names: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  boolean: "true or false",
  array: "list",
  object: "object",
};

function typeOf({ type, anyOf, oneOf }: Described): string {
  const types = [type, ...(anyOf ?? oneOf ?? []).map((one) => one.type)];
  const found = types.flatMap((one) => (one === undefined ? [] : [names[one] ?? one]));
  return [...new Set(found)].join(" or ");
}

/** What may be set, where neither the type nor the fields below say it. */
function allowed(schema: Described): string | undefined {
  const { type, const: value, items, expected } = schema;
  if (value !== undefined) return `Is ${code(value)}.`;
  if (type === "boolean" || type === "object" || schema.oneOf !== undefined) return undefined;
  if (items !== undefined)
    return items.properties === undefined ? `Each: ${plain(items.expected)}.` : undefined;
  // Of a text that may be any, its name says no more than its description.
  if (expected === undefined || (schema.minLength === 1 && !expected.includes("such as")))
    return undefined;
  return `Allowed: ${plain(expected)}.`;
}

/** Words as they are, but for what a page would take for markup. */
const plain = (words = "") => words.replace(/[*<]/g, "\\$&").replace(/"([^"]*)"/g, "`$1`");

function fallback(schema: Described, required: boolean): string {
  if (schema.default !== undefined && !isEmpty(schema.default))
    return code(written(schema.default));
  if (schema.unset !== undefined) return schema.unset;
  return required ? "has to be set" : "none";
}

const isEmpty = (value: unknown) =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** A value as YAML has it in one line. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, entry]) => `${key}: ${written(entry)}`)
    .join(", ")} }`;
}

const code = (text: string) => `\`${text}\``;
const cell = (text: string) => text.replaceAll("|", "\\|");
