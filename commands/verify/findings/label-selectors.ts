/** Kubernetes' label selectors, evaluated. */
import { z } from "zod";

const selector = z.looseObject({
  matchLabels: z.record(z.string(), z.string()).nullish(),
  matchExpressions: z
    .array(
      z.looseObject({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});

/** Whether labels match a selector. Something that is not a selector matches nothing. */
export function matchesLabels(value: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { data } = selector.safeParse(value ?? {});
  if (data === undefined) return false;
  return (
    Object.entries(data.matchLabels ?? {}).every(([name, wanted]) => labels[name] === wanted) &&
    (data.matchExpressions ?? []).every(({ key, operator, values }) => {
      const live = labels[key];
      const isListed = live !== undefined && (values ?? []).includes(live);
      if (operator === "In") return isListed;
      if (operator === "NotIn") return !isListed;
      return (live !== undefined) === (operator === "Exists");
    })
  );
}
