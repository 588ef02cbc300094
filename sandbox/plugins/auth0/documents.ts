/** The resources that are one document of the tenant each: made, read, changed and removed by its id. */
import { isDeepStrictEqual } from "node:util";
import { differenceOf } from "../shared/difference";
import { withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import { isProperties, type Properties, type Value } from "../shared/values";
import { type Fields, fromApi, toApi, unsupportedFields } from "./fields";
import { apiPath, type ManagementApi } from "./managementApi";

export interface DocumentKind {
  /** The collection's path in the API. */
  collection: string;
  /** The field that identifies a document. */
  id: string;
  fields: Fields;
  required: readonly string[];
  /** Inputs that cannot be changed on a document. */
  immutable: readonly string[];
  /** Whether a name is made up where the inputs have none, as the official plug-in does. */
  autonamed: boolean;
  /** Outputs that the tenant makes, by the API's name for each. */
  computed: Readonly<Record<string, string>>;
  secrets: readonly string[];
  /** Inputs that the tenant never shows. */
  writeOnly: readonly string[];
  /** Inputs that the tenant changes only in a request of their own, with what goes along. */
  changedAlone?: { name: string; along: readonly string[] };
  /** Whether a new document would get in the way of the one that it replaces. */
  sharesName: boolean;
  /** The path of a document that is there already and is to be taken over, or undefined. */
  findExisting?(api: ManagementApi, inputs: Properties): Promise<string | undefined>;
}

export function documentType(kind: DocumentKind): ResourceType<ManagementApi> {
  return {
    computed: Object.keys(kind.computed),
    secrets: kind.secrets,
    check(given, { name, previous, suffix }) {
      const named: Properties = kind.autonamed
        ? { name: previous?.name ?? `${name}-${suffix.slice(0, 7)}` }
        : {};
      const inputs: Properties = { ...named, ...withoutNulls(given) };
      const missing = kind.required
        .filter((property) => inputs[property] === undefined)
        .map((property) => ({ property, reason: `${property} is required` }));
      return { inputs, failures: [...unsupportedFields(inputs, kind.fields), ...missing] };
    },
    difference: (previous, inputs) =>
      differenceOf(previous, inputs, kind.immutable, kind.sharesName),
    async create(api, { inputs }) {
      const existing = await kind.findExisting?.(api, inputs);
      const document =
        existing === undefined
          ? await api.send("POST", kind.collection, toApi(inputs, kind.fields))
          : await api.send("PATCH", existing, toApi(changeable(inputs, kind), kind.fields));
      return { id: idOf(document, kind), outputs: outputsOf(inputs, document, kind) };
    },
    async read(api, { id, inputs }) {
      const document = await api.get(apiPath(kind.collection, id));
      if (document === undefined) return undefined;
      const live = fromApi(inputs, document, kind.fields, kind.writeOnly);
      return { inputs: live, outputs: outputsOf(live, document, kind) };
    },
    async update(api, { id, inputs: previous }, { inputs }) {
      const path = apiPath(kind.collection, id);
      for (const part of requestsFor(changedInputs(previous, inputs), inputs, kind)) {
        await api.send("PATCH", path, await withUnmanaged(api, path, toApi(part, kind.fields)));
      }
      const document = (await api.get(path)) ?? {};
      return outputsOf(inputs, document, kind);
    },
    delete: (api, { id }) => api.remove(apiPath(kind.collection, id)),
  };
}

function idOf(document: Properties, kind: DocumentKind): string {
  const id = document[kind.id];
  if (typeof id === "string") return id;
  throw new Error(`the tenant made one of ${kind.collection} and gave it no ${kind.id}`);
}

function outputsOf(inputs: Properties, document: Properties, kind: DocumentKind): Properties {
  const made = Object.entries(kind.computed).flatMap(([name, field]) => {
    const value = document[field];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...inputs, ...Object.fromEntries(made) };
}

function changeable(inputs: Properties, kind: DocumentKind): Properties {
  const entries = Object.entries(inputs).filter(([name]) => !kind.immutable.includes(name));
  return Object.fromEntries(entries);
}

/**
 * The inputs to send for a change. A list that is no longer an input is emptied; any other value
 * stays as the tenant has it, as with the official plug-in.
 */
function changedInputs(previous: Properties, inputs: Properties): Properties {
  const emptied = Object.entries(previous)
    .filter(([name, value]) => Array.isArray(value) && inputs[name] === undefined)
    .map(([name]): [string, Value] => [name, []]);
  const changed = Object.entries(inputs).filter(
    ([name, value]) => !isDeepStrictEqual(value, previous[name]),
  );
  return Object.fromEntries([...emptied, ...changed]);
}

function requestsFor(changed: Properties, inputs: Properties, kind: DocumentKind): Properties[] {
  const alone = kind.changedAlone;
  if (alone === undefined) return Object.keys(changed).length > 0 ? [changed] : [];
  const { [alone.name]: value, ...rest } = changed;
  const along = Object.fromEntries(
    Object.entries(inputs).filter(([name]) => alone.along.includes(name)),
  );
  const requests = Object.keys(rest).length > 0 ? [{ ...along, ...rest }] : [];
  return value === undefined ? requests : [...requests, { ...along, [alone.name]: value }];
}

/** A tenant replaces an object as a whole, so what the program does not set in it is sent again. */
async function withUnmanaged(
  api: ManagementApi,
  path: string,
  body: Properties,
): Promise<Properties> {
  if (!Object.values(body).some(isProperties)) return body;
  const live = (await api.get(path)) ?? {};
  const merged = Object.entries(body).map(([name, value]) => {
    const kept = live[name];
    return [name, isProperties(value) && isProperties(kept) ? { ...kept, ...value } : value];
  });
  return Object.fromEntries(merged) as Properties;
}
