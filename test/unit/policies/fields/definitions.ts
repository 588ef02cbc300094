/** Istio's resource definitions as the pack's table of fields has them: `node --import tsx test/unit/policies/fields/write.ts`. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

/** The module that holds the definitions, and its version. */
export const istioApi = "istio.io/api@v1.31.1";

/** The file with the definitions in Go's cache of modules, or undefined where it is not there. */
export function definitionsFile(): string | undefined {
  try {
    const cache = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
    const file = join(cache, istioApi, "kubernetes/customresourcedefinitions.gen.yaml");
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

interface Schema {
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
  readonly additionalProperties?: Schema | boolean | undefined;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean | undefined;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    type: z.string().optional(),
    properties: z.record(z.string(), schema).optional(),
    items: schema.optional(),
    additionalProperties: z.union([z.boolean(), schema]).optional(),
    "x-kubernetes-preserve-unknown-fields": z.boolean().optional(),
  }),
);

const definition = z.object({
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({
        schema: z.object({
          openAPIV3Schema: z.object({ properties: z.object({ spec: schema }) }),
        }),
      }),
    ),
  }),
});

/** What follows a field's name: nothing, a star, or its own fields in braces. */
function fieldsOf(one: Schema): string {
  if (one["x-kubernetes-preserve-unknown-fields"] === true) return "*";
  if (one.type === "array") return fieldsOf(one.items ?? {});
  const { properties, additionalProperties: any } = one;
  if (properties !== undefined) return `{${namesOf(properties)}}`;
  const inner = typeof any === "object" ? fieldsOf(any) : "";
  if (inner.startsWith("{")) return `{*${inner}}`;
  return one.type === "object" ? "*" : "";
}

const namesOf = (properties: Readonly<Record<string, Schema>>) =>
  Object.entries(properties)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, property]) => name + fieldsOf(property))
    .join(" ");

/** By group and kind: the fields of its spec. Istio's versions of a kind have the same. */
export function istioFields(file: string): Readonly<Record<string, string>> {
  const documents = parseAllDocuments(readFileSync(file, "utf8"));
  return Object.fromEntries(
    documents.flatMap((document) => {
      const { data } = definition.safeParse(document.toJS());
      if (data === undefined) return [];
      const { group, names, versions } = data.spec;
      const spec = versions[0]?.schema.openAPIV3Schema.properties.spec.properties ?? {};
      return [[`${group}/${names.kind}`, namesOf(spec)]];
    }),
  );
}

/** The table's file, in lines that can be read and compared. */
export function fieldsSource(fields: Readonly<Record<string, string>>): string {
  const kinds = Object.entries(fields).map(
    ([kind, text]) => `  "${kind}": \`\n${wrapped(text)}\`,\n`,
  );
  return `/**
 * The fields of Istio's objects, by group and kind: what is in a spec, as ${istioApi} defines it. Written by
 * \`node --import tsx test/unit/policies/fields/write.ts\`.
 */
export const istioFields: Readonly<Record<string, string>> = {
${kinds.join("")}};
`;
}

function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length > 110) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join("\n");
}
