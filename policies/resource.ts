/** A resource as a rule sees it: what the program gives it, as plain data. */
import type { PolicyResourceOptions, ResourceValidationArgs } from "@pulumi/policy";

/** Stands for a value that a preview cannot know, as another resource's output. */
export const unknown = Symbol("not known before the update");

export interface Resource {
  /** `kubernetes:security.istio.io/v1:AuthorizationPolicy` */
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** The inputs; what a preview cannot know is {@link unknown}. Secrets are in here as they are: print none. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly options: PolicyResourceOptions;
  /** The name of the provider that it is made by; none for components and providers. */
  readonly provider: string | undefined;
}

export function resourceOf({ type, name, urn, props, opts, provider }: ResourceValidationArgs) {
  return {
    type,
    name,
    urn,
    inputs: fieldsOf(props),
    options: opts,
    provider: provider?.name,
  } satisfies Resource;
}

const list = /^kubernetes:(.*):(\w+)?List$/;

/** The resource, or, of a list of Kubernetes objects, each of them as if it were by itself. */
export function objectsOf(resource: Resource): readonly Resource[] {
  const [, group = "", kind = "List"] = list.exec(resource.type) ?? [];
  const { items } = resource.inputs;
  if (group === "" || items === undefined) return [resource];
  const objects = Array.isArray(items) ? (items as readonly unknown[]) : [items];
  return objects.map((object) => {
    const inputs = inputsOf(object);
    // A list of one kind need not say it again.
    const version = typeof inputs.apiVersion === "string" ? inputs.apiVersion : group;
    const own = typeof inputs.kind === "string" ? inputs.kind : kind;
    const groupVersion = version.includes("/") ? version : `core/${version}`;
    return { ...resource, type: `kubernetes:${groupVersion}:${own}`, inputs };
  });
}

/** Of an object that is not known yet, nothing is. */
const inputsOf = (object: unknown): Resource["inputs"] =>
  typeof object === "object" && object !== null
    ? (object as Resource["inputs"])
    : { metadata: unknown, spec: unknown };

/** A copy that may be read everywhere: the SDK's own throws wherever a value is not known. */
function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from(value.keys(), (index) => read(value, index));
  return fieldsOf(value);
}

const fieldsOf = (value: object) =>
  Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));

/** A field of what the SDK hands out, as plain data. */
export function read(holder: object, key: string | number): unknown {
  let value: unknown;
  try {
    value = Reflect.get(holder, key);
  } catch {
    return unknown;
  }
  return copy(value);
}
