/** A resource as a rule reads it: the program's inputs, as plain data. */
import type { PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";

/** The mark for a value that a preview cannot know, such as another resource's output. */
export const unknown = Symbol("not known before the update");

export interface Resource {
  /** `kubernetes:security.istio.io/v1:AuthorizationPolicy` */
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** The inputs; what a preview cannot know is {@link unknown}. They contain secrets in plain text: print none. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: PolicyResourceOptions;
  /** The name of its provider; absent for components and providers. */
  readonly provider: string | undefined;
}

export function resourceOf({
  type,
  name,
  urn,
  props,
  opts,
  provider,
}: ResourceValidationArgs): Resource {
  let inputs: Resource["inputs"] | undefined;
  return {
    type,
    name,
    urn,
    // They are read when a rule asks for them: by their type most rules pass over most resources.
    get inputs() {
      return (inputs ??= fieldsOf(props));
    },
    options: opts,
    provider: provider?.name,
  };
}

const list = /^kubernetes:(.*):(\w+)?List$/;

/** The resource itself; for a list of Kubernetes objects, each of them as a resource of its own. */
export function objectsOf(resource: Resource): readonly Resource[] {
  const [, group = "", kind = "List"] = list.exec(resource.type) ?? [];
  const items = group === "" ? undefined : resource.inputs.items;
  if (items === undefined) return [resource];
  const objects = Array.isArray(items) ? (items as readonly unknown[]) : [items];
  return objects.map((object) => {
    const inputs = inputsOf(object);
    // In a list of one kind the items may leave the kind out.
    const version = typeof inputs.apiVersion === "string" ? inputs.apiVersion : group;
    const own = typeof inputs.kind === "string" ? inputs.kind : kind;
    const groupVersion = version.includes("/") ? version : `core/${version}`;
    return { ...resource, type: `kubernetes:${groupVersion}:${own}`, inputs };
  });
}

/** For an object that is unknown, its fields are unknown too. */
const inputsOf = (object: unknown): Resource["inputs"] =>
  typeof object === "object" && object !== null
    ? (object as Resource["inputs"])
    : { metadata: unknown, spec: unknown };

/** A copy that can be read everywhere: the SDK's own throws if a value is unknown. */
function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value.keys(), (index) => read(value, index));
  return fieldsOf(value);
}

const fieldsOf = (value: object) =>
  Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));

/** A field of the SDK's object, as plain data. */
export function read(holder: object, key: string | number): unknown {
  let value: unknown;
  try {
    value = Reflect.get(holder, key);
  } catch {
    return unknown;
  }
  return copy(value);
}
