/** The resources that are one document of the tenant each: they are created, read, changed and removed by its id. */
import { isDeepStrictEqual } from "node:util";
import { differenceOf } from "../shared/difference";
import { withoutNulls } from "../shared/inputs";
import type { ResourceType } from "../shared/plugin";
import type { Properties, Value } from "../shared/values";
import { type Fields, fromApi, toApi, unsupportedFields, withRemovedKeys } from "./fields";
import { apiPath, type ManagementApi } from "./managementApi";

/** The calls are those of the official plug-in, in the same order: it reads back what it has created or changed. */
export interface DocumentKind {
  /** The collection's path in the API. */
  collection: string;
  /** The field that identifies a document. */
  id: string;
  fields: Fields;
  required: readonly string[];
  /** Inputs that cannot be changed on an existing document. */
  immutable: readonly string[];
  /** Whether a name is generated if the inputs have none, as the official plug-in does. */
  autonamed: boolean;
  /** Inputs that are used if the program gives none, as in the official plug-in. */
  defaults: Properties;
  /** Outputs that the tenant generates, by the API's name for each. */
  computed: Readonly<Record<string, string>>;
  secrets: readonly string[];
  /** Inputs that the tenant never returns. */
  writeOnly: readonly string[];
  /** Whether a change sends all inputs that can be changed, or only those that differ. */
  sends: "all" | "changed";
  /** Whether a change reads the document first. */
  readsFirst: boolean;
  /** Whether a new document cannot exist next to the one that it replaces. */
  sharesName: boolean;
  /** Fields of a new document that are not inputs. */
  initial?(inputs: Properties): Properties;
  /** The id of an existing document to take over unchanged, or undefined. */
  findExisting?(api: ManagementApi, inputs: Properties): Promise<string | undefined>;
  /** Changes that the tenant would refuse in one call. @throws Error that names them */
  refuseChange?(changed: Properties): void;
}

export function documentType(kind: DocumentKind): ResourceType<ManagementApi> {
  return {
    computed: Object.keys(kind.computed),
    secrets: kind.secrets,
    check(given, { name, previous, suffix }) {
      const named: Properties = kind.autonamed
        ? { name: previous?.name ?? `${name}-${suffix.slice(0, 7)}` }
        : {};
      const inputs: Properties = { ...named, ...kind.defaults, ...withoutNulls(given) };
      const missing = kind.required
        .filter((property) => inputs[property] === undefined)
        .map((property) => ({ property, reason: `${property} is required` }));
      return { inputs, failures: [...unsupportedFields(inputs, kind.fields), ...missing] };
    },
    difference: (previous, inputs) =>
      differenceOf(previous, inputs, kind.immutable, kind.sharesName),
    async create(api, { inputs }) {
      const id = (await kind.findExisting?.(api, inputs)) ?? (await make(api, inputs, kind));
      return { id, outputs: outputsOf(inputs, await found(api, id, kind), kind) };
    },
    async read(api, { id, inputs }) {
      const document = await api.get(apiPath(kind.collection, id));
      if (document === undefined) return undefined;
      const live = fromApi(inputs, document, kind.fields, kind.writeOnly);
      return { inputs: live, outputs: outputsOf(live, document, kind) };
    },
    async update(api, { id, inputs: previous }, { inputs }) {
      const changed = changedInputs(previous, inputs);
      kind.refuseChange?.(changed);
      const sent = kind.sends === "all" ? { ...changeable(inputs, kind), ...changed } : changed;
      const body = toApi(withRemovedKeys(previous, inputs, sent, kind.fields), kind.fields);
      if (kind.readsFirst) await found(api, id, kind);
      if (Object.keys(body).length > 0) await api.send("PATCH", apiPath(kind.collection, id), body);
      return outputsOf(inputs, await found(api, id, kind), kind);
    },
    delete: (api, { id }) => api.remove(apiPath(kind.collection, id)),
  };
}

async function make(api: ManagementApi, inputs: Properties, kind: DocumentKind): Promise<string> {
  const body = { ...toApi(inputs, kind.fields), ...kind.initial?.(inputs) };
  const { [kind.id]: id } = await api.send("POST", kind.collection, body);
  if (typeof id === "string") return id;
  throw new Error(`the tenant made one of ${kind.collection} and gave it no ${kind.id}`);
}

async function found(api: ManagementApi, id: string, kind: DocumentKind): Promise<Properties> {
  const document = await api.get(apiPath(kind.collection, id));
  if (document === undefined)
    throw new Error(`the tenant has no ${id} among its ${kind.collection}`);
  return document;
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
 * The inputs that differ. A list that is no longer an input is emptied; any other value stays as the tenant has it, as
 * in the official plug-in.
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
