/**
 * An OpenAPI document as a part of the table: its operations as rows, and its scopes as permissions.
 *
 * Source: the OpenAPI Specification 3.1, "Security Requirement Object", "Server Object" and "Path Item Object".
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { dereference } from "@scalar/openapi-parser";
import { parseDocument } from "yaml";
import { z } from "zod";
import { reasonOf, UserError } from "../../lib/errors";
import { methodNames, type OperationName, problemOfName } from "./operations";
import type { AllOf, Requirement } from "./requirement";
import type { ApiDocument, DocumentedStream } from "./rows";

/** What a document says, in the table's shape: its operations are for those of its service, which it is the document of. */
export interface OpenApiTable extends ApiDocument {
  /** The described scopes of its OAuth 2.0 schemes, for the table's `permissions`. */
  readonly permissions: Readonly<Record<string, string>>;
}

const requirements = z.array(z.record(z.string(), z.array(z.string())));
const operation = z.looseObject({
  security: requirements.optional(),
  responses: z
    .record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).default({}) }))
    .default({}),
});
const pathItem = z.looseObject(
  Object.fromEntries(methodNames.map((method) => [method.toLowerCase(), operation.optional()])),
);
const scheme = z.looseObject({
  type: z.string(),
  flows: z
    .record(z.string(), z.looseObject({ scopes: z.record(z.string(), z.string()).default({}) }))
    .default({}),
});
const server = z.looseObject({
  url: z.string(),
  variables: z.record(z.string(), z.looseObject({ default: z.string() })).default({}),
});
const openApiDocument = z.looseObject({
  openapi: z.string().regex(/^3\.[01]\.\d+$/, "expected 3.0.x or 3.1.x"),
  servers: z.array(server).default([]),
  security: requirements.optional(),
  paths: z.record(z.string(), pathItem).default({}),
  components: z
    .looseObject({ securitySchemes: z.record(z.string(), scheme).default({}) })
    .default({ securitySchemes: {} }),
});

type Document = z.infer<typeof openApiDocument>;
type Scheme = z.infer<typeof scheme>;

/** A mistake: where it is in the document, and what was found and expected. */
type Problem = readonly [where: readonly PropertyKey[], what: string];

/**
 * Reads a document, version 3.0 or 3.1, of JSON or YAML. Nothing is fetched: references have to be within the document.
 *
 * An operation's `security`, or else the document's, has requirements, each of which is enough, with one scheme of type
 * oauth2 or openIdConnect each. Its scopes are permissions that are all needed; no scope is `signedIn`, and an empty
 * list of requirements, or an empty one among them, is `public`.
 * The path of the servers' addresses comes before each path. An operation with an answer of type text/event-stream
 * streams.
 * @throws UserError naming every mistake at once, a line each
 */
export function openApi(file: string): OpenApiTable {
  const { document, problems } = read(file);
  const found = document === undefined ? undefined : tableOf(document, problems);
  const name = basename(file);
  if (found !== undefined && problems.length === 0) return { file: name, ...found };
  throw new UserError(
    problems
      .map(([where, what]) => [name, where.join("."), what].filter(Boolean).join(": "))
      .join("\n"),
  );
}

function read(file: string): { document: Document | undefined; problems: Problem[] } {
  const failed = (...problems: Problem[]) => ({ document: undefined, problems });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return failed([[], `cannot be read (${reasonOf(error)})`]);
  }
  const parsed = parseDocument(text, { prettyErrors: true });
  if (parsed.errors.length > 0)
    return failed(
      ...parsed.errors.map(({ message }): Problem => [[], reasonOf(new Error(message))]),
    );
  const value: unknown = parsed.toJS();
  const remote = referencesOf(value).filter(([, to]) => !to.startsWith("#"));
  if (remote.length > 0)
    return failed(
      ...remote.map(([where, to]): Problem => [
        where,
        `found a reference to ${to}, expected one within the document, which begins with #`,
      ]),
    );
  const { schema, errors = [] } = dereference(text);
  const problems = errors.map(({ message }): Problem => [[], message]);
  const { data, error } = openApiDocument.safeParse(schema ?? value);
  const misshaped = (error?.issues ?? []).map(({ path, message }): Problem => [path, message]);
  return { document: data, problems: [...problems, ...misshaped] };
}

/** Every reference in a value, by where it is. */
function referencesOf(
  value: unknown,
  where: readonly PropertyKey[] = [],
): readonly (readonly [where: readonly PropertyKey[], to: string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === "$ref" && typeof inner === "string"
      ? [[where, inner] as const]
      : referencesOf(inner, [...where, key]),
  );
}

function tableOf(document: Document, problems: Problem[]): Omit<OpenApiTable, "file"> {
  const base = basePath(document, problems);
  const { securitySchemes } = document.components;
  const operations: Record<OperationName, Requirement | DocumentedStream> = {};
  for (const [path, item] of Object.entries(document.paths))
    for (const method of methodNames) {
      const found = item[method.toLowerCase()];
      const { data } = operation.safeParse(found);
      if (found === undefined || data === undefined) continue;
      const where = ["paths", path, method.toLowerCase()];
      const name = `${method} ${base}${path}`;
      const wrong = problemOfName(name);
      if (wrong !== undefined) problems.push([where, wrong]);
      const security = data.security ?? document.security;
      const required = requirementOf(security, securitySchemes);
      if ("problem" in required) problems.push([[...where, "security"], required.problem]);
      else
        operations[name as OperationName] = isStream(data)
          ? { requires: required.requires, streams: true }
          : required.requires;
    }
  if (Object.keys(operations).length === 0 && problems.length === 0)
    problems.push([["paths"], "found no operation, expected at least one"]);
  return { operations, permissions: scopesOf(Object.values(securitySchemes)) };
}

/** Whether an answer of it is one of server-sent events. */
const isStream = ({ responses }: z.infer<typeof operation>) =>
  Object.values(responses).some(({ content }) =>
    Object.keys(content).some((type) => type.startsWith("text/event-stream")),
  );

/** The part of the servers' addresses that comes before each path: empty, or from a slash on. */
function basePath({ servers }: Document, problems: Problem[]): string {
  const paths = servers.flatMap(({ url, variables }, position) => {
    const address = url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) =>
      variables[name] === undefined ? whole : variables[name].default,
    );
    const path = URL.parse(address, "http://service")?.pathname.replace(/\/$/, "");
    if (path !== undefined && !/[{}]/.test(address)) return [path];
    problems.push([
      ["servers", position, "url"],
      `found ${url}, expected an address, with a default for each variable`,
    ]);
    return [];
  });
  const all = [...new Set(paths)];
  if (all.length > 1)
    problems.push([
      ["servers"],
      `found the paths ${all.map((path) => path || "/").join(" and ")}, expected one`,
    ]);
  return all[0] ?? "";
}

type Security = z.infer<typeof requirements>;
type Required = { readonly requires: Requirement } | { readonly problem: string };

/** Of several requirements each is enough. */
function requirementOf(
  security: Security | undefined,
  schemes: Readonly<Record<string, Scheme>>,
): Required {
  if (security === undefined)
    return {
      problem: "found none, and none for the document; expected one, or [] for what is public",
    };
  const alternatives = security.map((one) => scopesNeeded(one, schemes));
  for (const one of alternatives) if ("problem" in one) return one;
  const needed = alternatives.flatMap((one) => ("scopes" in one ? [one.scopes] : []));
  if (needed.length === 0 || needed.includes("none")) return { requires: "public" };
  const lists = needed.filter((one) => one !== "none");
  if (lists.some(({ length }) => length === 0)) return { requires: "signedIn" };
  const [only, ...others] = lists;
  return {
    requires:
      only !== undefined && others.length === 0 ? together(only) : { anyOf: lists.map(together) },
  };
}

const together = (scopes: readonly string[]): string | AllOf => {
  const [scope, ...others] = scopes;
  return scope !== undefined && others.length === 0 ? scope : { allOf: scopes };
};

/** The scopes of one requirement, which are all needed; `none` where it asks for no token at all. */
function scopesNeeded(
  requirement: Security[number],
  schemes: Readonly<Record<string, Scheme>>,
): { readonly scopes: readonly string[] | "none" } | { readonly problem: string } {
  const [named, ...more] = Object.entries(requirement);
  if (named === undefined) return { scopes: "none" };
  if (more.length > 0)
    return { problem: `found ${more.length + 1} schemes that are all needed, expected one` };
  const [name, scopes] = named;
  const found = schemes[name];
  if (found === undefined)
    return {
      problem: `found the scheme ${name}, expected one of ${Object.keys(schemes).join(", ") || "components.securitySchemes, which has none"}`,
    };
  if (!["oauth2", "openIdConnect"].includes(found.type))
    return {
      problem: `found the scheme ${name} of type ${found.type}, expected oauth2 or openIdConnect`,
    };
  const described = Object.keys(scopesOf([found]));
  const unknown = found.type === "oauth2" && scopes.find((scope) => !described.includes(scope));
  return typeof unknown === "string"
    ? {
        problem: `found the scope ${unknown}, expected one that ${name} describes: ${described.join(", ") || "it describes none"}`,
      }
    : { scopes: [...new Set(scopes)] };
}

function scopesOf(schemes: readonly Scheme[]): Record<string, string> {
  return Object.fromEntries(
    schemes
      .filter(({ type }) => type === "oauth2")
      .flatMap(({ flows }) => Object.values(flows).flatMap(({ scopes }) => Object.entries(scopes))),
  );
}
