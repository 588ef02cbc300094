import { z } from "zod";
import { istioFields } from "../istio-fields";
import { at, entries, isFields, objectName } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { type Shape, shapeOf, strangeFields } from "../shape";

/** https://istio.io/latest/docs/reference/config/ */
export const istioFieldsKnown = resourceRule({
  name: "istio-fields",
  description: "Istio's objects have the fields and conditions that Istio knows, and no others.",
  severity: "critical",
  remediation:
    "Write the field where Istio's reference has it. The API server drops a field that the kind does not have, and the rest then counts without it: a rule without its paths is a rule for every path.",
  settings: z.object({
    knownFields: z
      .array(z.string())
      .default([])
      .describe("Fields of a newer Istio: the kind and the place, as VirtualService spec.retries"),
  }),
  judge(resource, { knownFields }) {
    const [, groupVersion = "", kind = ""] = resource.type.split(":");
    const name = kind.replace(/Patch$/, "");
    const text = istioFields[`${groupVersion.split("/")[0] ?? ""}/${name}`];
    if (text === undefined || !resource.type.startsWith("kubernetes:")) return [];
    const title = `${name} ${objectName(resource)}`;
    const fields = strangeFields(resource.inputs, shapeOfKind(text), "")
      .filter((place) => !knownFields.includes(`${name} ${place.replace(/\[\d+\]/g, "")}`))
      .map((place) => ({
        where: `${place} of ${title}`,
        found: `is a field that ${name} does not have`,
        write: "it where Istio's reference has it, or leave it out",
      }));
    return [...fields, ...(name === "AuthorizationPolicy" ? strangeKeys(resource, title) : [])];
  },
});

const shapes = new Map<string, Shape>();

function shapeOfKind(text: string): Shape {
  const known = shapes.get(text);
  if (known !== undefined) return known;
  const any = { apiVersion: undefined, kind: undefined, metadata: undefined, status: undefined };
  const shape = { ...any, spec: shapeOf(text) };
  shapes.set(text, shape);
  return shape;
}

/** The conditions that Istio compares: pilot/pkg/security/authz/model/model.go. */
const keys: readonly RegExp[] = [
  /^request\.headers\[[^[\]]+\]$/,
  /^(source|remote|destination)\.ip$/,
  /^source\.(namespace|serviceAccount|trustDomain|principal)$/,
  /^request\.auth\.(principal|audiences|presenter)$/,
  /^request\.auth\.claims(\[[^[\]]+\])+$/,
  /^destination\.port$/,
  /^connection\.sni$/,
  /^experimental\.envoy\.filters\.[^[\]]+\[[^[\]]+\]$/,
];

/** istiod ignores a rule with an unknown condition: a DENY rule then denies nothing. */
function strangeKeys(resource: Resource, title: string): Finding[] {
  return entries(at(resource.inputs, "spec", "rules")).flatMap((rule, position) =>
    entries(at(rule, "when")).flatMap((condition, index) => {
      if (!isFields(condition)) return [];
      const where = `spec.rules[${position}].when[${index}]`;
      const key = at(condition, "key");
      const isKnown = typeof key === "string" && keys.some((known) => known.test(key));
      const asks = ["values", "notValues"].some((list) => entries(at(condition, list)).length > 0);
      return [
        ...(isKnown
          ? []
          : [
              {
                where: `${where}.key of ${title}`,
                is: key,
                note: "which Istio does not know",
                write: "a condition of Istio's reference",
              },
            ]),
        ...(asks
          ? []
          : [
              {
                where: `${where} of ${title}`,
                found: "compares with no value",
                write: "values or notValues",
              },
            ]),
      ];
    }),
  );
}
