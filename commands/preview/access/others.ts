/** What in a plan may open something in another way than an ALLOW policy's rules, and is compared as a whole. */
import { z } from "zod";
import type { Entry } from "../graph";

/** Such an object. */
export interface OtherObject {
  /** Such as `PeerAuthentication istio-system/default`. */
  readonly title: string;
  /** What of it may open something. */
  readonly text: string;
  /** Whether its rules are read as access, so that these tell what a new one opens. */
  readonly isPolicy: boolean;
  /** Whether a new one is usual next to a new service. */
  readonly isUsual: boolean;
}

/** Types that are read as access already, and those of the tenant that open nothing by themselves. */
const readAlready = ["Role", "RolePermissions", "UserRoles", "User", "ClientGrant"];

/** What the types begin with. */
const opening = [
  "auth0:",
  "kubernetes:security.istio.io/",
  "kubernetes:networking.istio.io/",
  "kubernetes:extensions.istio.io/",
  "kubernetes:telemetry.istio.io/",
  "kubernetes:networking.k8s.io/",
  "kubernetes:admissionregistration.k8s.io/",
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:Service",
  "kubernetes:helm.sh/",
];

const workloads = ["kubernetes:apps/", "kubernetes:batch/", "kubernetes:core/v1:Pod"];

const object = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

const podTemplate = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.unknown(),
      spec: z.looseObject({
        serviceAccountName: z.unknown(),
        hostNetwork: z.unknown(),
      }),
    }),
  }),
});

/** @param isPolicy whether an object's rules are read as access */
export function otherObjects(
  entries: readonly Entry[],
  isPolicy: (inputs: unknown) => boolean,
): ReadonlyMap<string, OtherObject> {
  return new Map(
    entries.flatMap((entry): readonly (readonly [string, OtherObject])[] => {
      const { type, name, inputs } = entry;
      const isWorkload = workloads.some((each) => type.startsWith(each));
      const kind = type.split(":").at(-1) ?? type;
      const isOpening =
        opening.some((each) => type.startsWith(each)) && !readAlready.includes(kind);
      if (!isWorkload && !isOpening) return [];
      const found = {
        title: titleOf(entry),
        text: JSON.stringify(isWorkload ? ofPods(inputs) : withoutRules(inputs, isPolicy(inputs))),
        isPolicy: isPolicy(inputs),
        isUsual: isWorkload || usual.some((each) => type.startsWith(each)),
      };
      return [[`${type} ${name}`, found]];
    }),
  );
}

const usual = ["kubernetes:core/v1:Service", "kubernetes:networking.", "auth0:index/client"];

function titleOf({ type, name, inputs }: Entry): string {
  const { data } = object.safeParse(inputs);
  if (data === undefined) return `${type.split(":").at(-1) ?? type} ${name}`;
  const { namespace, name: own } = data.metadata;
  return `${data.kind} ${namespace === undefined ? "" : `${namespace}/`}${own}`;
}

/** By these a pod is a service's, and has a sidecar. */
function ofPods(inputs: unknown): unknown {
  const { data } = podTemplate.safeParse(inputs);
  if (data === undefined) return inputs;
  const { metadata, spec } = data.spec.template;
  return [metadata, spec.serviceAccountName, spec.hostNetwork];
}

function withoutRules(inputs: unknown, isPolicy: boolean): unknown {
  if (!isPolicy) return inputs;
  const { spec, ...rest } = z.looseObject({ spec: z.looseObject({}) }).parse(inputs);
  return { ...rest, spec: { ...spec, rules: undefined } };
}
