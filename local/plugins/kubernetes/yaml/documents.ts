/** Kubernetes objects of YAML texts and files, as kubectl and the official plug-in read them. */
import { globSync, readFileSync, statSync } from "node:fs";
import { type DocumentOptions, parseAllDocuments, type SchemaOptions } from "yaml";
import { asProperties, isProperties, type Properties, type Value } from "../../shared/values";

/**
 * Go's parser knows YAML 1.1, in which `on` and `yes` are true; but not its numbers to the base of 60, and to Kubernetes
 * a date is a text.
 */
const rules: DocumentOptions & SchemaOptions = {
  version: "1.1",
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === "string" || !isTime(tag.tag, tag.format)),
};

const isTime = (tag: string, format: string | undefined) =>
  format === "TIME" || tag === "tag:yaml.org,2002:timestamp";

/** An object as a file has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Properties & { readonly name: string };
  readonly [field: string]: Value | undefined;
}

/**
 * The objects of a text; those in a list of any kind are single ones.
 * @param source what the text is, for errors
 * @throws Error if it is not YAML, or has something other than objects with kind, apiVersion and name
 */
export function objectsIn(text: string, source: string): readonly Manifest[] {
  const documents = parseAllDocuments(text, rules);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${source} is not YAML: ${error.message}`);
    const found: unknown = document.toJS();
    // A file may begin or end with a separator.
    if (found === null || found === undefined) return [];
    if (isProperties(found) && Object.keys(found).length === 0) return [];
    return expanded(found, source);
  });
}

function expanded(found: unknown, source: string): readonly Manifest[] {
  if (!isProperties(found)) throw new Error(`${source} has something that is not an object`);
  const { kind, apiVersion, metadata, items } = found;
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(items))
    return items.flatMap((item) => expanded(item, source));
  const name = asProperties(metadata).name;
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  if (isText(kind) && isText(apiVersion) && isText(name))
    return [
      {
        ...found,
        kind,
        apiVersion: apiVersion.replace(/^core\//, ""),
        metadata: { ...asProperties(metadata), name },
      },
    ];
  const lacking = Object.entries({ kind, apiVersion, "metadata.name": name })
    .filter(([, value]) => !isText(value))
    .map(([field]) => field);
  const shown = JSON.stringify(found).slice(0, 100);
  throw new Error(`${source} has an object without ${lacking.join(", ")}: ${shown}`);
}

/**
 * The objects of files, which are named by paths relative to the program's folder, or by patterns.
 * @throws Error that names a file that cannot be read, or a pattern that fits none: where the official plug-in silently
 *   makes nothing, a preview would show a stack without these objects as the right one
 */
export function objectsInFiles(files: readonly string[]): readonly Manifest[] {
  return files.flatMap((file) => {
    if (URL.canParse(file))
      throw new Error(
        `the stand-in for the kubernetes plugin reads no file from another machine, and so not ${file}: use the official plugin, or a copy`,
      );
    const found = /(?:^|[^\\])[*?[]/.test(file) ? globSync(file).sort() : [file];
    if (found.length === 0)
      throw new Error(`no file fits the pattern ${file}: correct it, or leave it out`);
    return found.flatMap((path) => objectsIn(contentOf(path), path));
  });
}

function contentOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true)
    throw new Error(`${path} is a folder: name its files, such as ${path}/*.yaml`);
  if (found === undefined) throw new Error(`there is no file ${path}`);
  return readFileSync(path, "utf8");
}
