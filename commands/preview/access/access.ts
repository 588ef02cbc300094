/** Who may do what by a plan's own policies, roles and machines: the table has no say in it. */
import { everyPair, includes } from "../../../policies/operations";
import type { AccessObjects, AllowPolicy, Holder, PolicyRule } from "./objects";

/** A client without a token. */
export const anyone = "anyone";

/** A client with any token of the stack's own issuer. */
export const signedIn = "every signed-in user and machine";

/** A method and a path as a policy writes them; undefined: any. */
export interface Admitted {
  readonly method: string | undefined;
  readonly path: string | undefined;
}

/** One thing that a policy's rule lets some clients do. */
export interface Access extends Pick<AllowPolicy, "namespace" | "labels"> {
  /** The same text for the same workloads. */
  readonly whose: string;
  readonly operation: Admitted;
  /** The service account of the workload that sends the request: `istio-ingress/istio-ingress`. */
  readonly caller: string;
  /** The request principal that the token has to have; undefined: no token is needed. */
  readonly principal: string | undefined;
  /** Permissions: the token has to have one of each list. */
  readonly asks: readonly (readonly string[])[];
  /** Who may: roles and machines, and then tokens with these permissions; or only `anyone`, `signedIn`, other tokens. */
  readonly subjects: readonly string[];
  /** The rule's other conditions, each as what it is about and all of it as text. */
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly about: string;
  readonly text: string;
}

/** What the tokens of the stack's own users and machines are. */
export interface OwnTokens {
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly permissionsClaim?: readonly string[] | undefined;
}

/** A caller that a rule does not name. */
const anyWorkload = "any workload";

export function accessOf({ policies, holders }: AccessObjects, own: OwnTokens): readonly Access[] {
  return policies.flatMap(({ namespace, labels, rules }) => {
    const workloads = { namespace, labels, whose: JSON.stringify([namespace, labels]) };
    return rules.flatMap((rule) =>
      accessByRule(rule, holders, own).map((access) => ({ ...workloads, ...access })),
    );
  });
}

type Source = NonNullable<PolicyRule["from"]>[number]["source"];
type To = NonNullable<PolicyRule["to"]>[number]["operation"];

const noSource: Source = { serviceAccounts: [], principals: [] };
const noOperation: To = { methods: [], paths: [] };

function accessByRule(
  { from = [{ source: noSource }], to = [{ operation: noOperation }], when, ...rest }: PolicyRule,
  holders: readonly Holder[],
  own: OwnTokens,
): readonly Omit<Access, "namespace" | "labels" | "whose">[] {
  const key = `request.auth.claims${(own.permissionsClaim ?? []).map((name) => `[${name}]`).join("")}`;
  const permissionsOf = ({ key: found, values, ...more }: PolicyRule["when"][number]) =>
    found === key && Object.keys(more).length === 0 ? values : undefined;
  const asks = when.map(permissionsOf).filter((values) => values !== undefined);
  const others = when.filter((each) => permissionsOf(each) === undefined);
  return from.flatMap(({ source }) =>
    to.flatMap(({ operation }) => {
      const { serviceAccounts, principals, requestPrincipals, ...narrower } = source;
      const { methods, paths, ...where } = operation;
      const conditions = [
        ...others.map(({ key: about, ...values }) => conditionOf(about, values)),
        ...Object.entries({ ...rest, ...narrower, ...where }).map(([about, value]) =>
          conditionOf(about, value),
        ),
      ];
      const callers = [...serviceAccounts, ...principals];
      // A claim is only in a token: without a principal it may be any accepted issuer's.
      const tokens = requestPrincipals ?? (asks.length > 0 ? ["*"] : [undefined]);
      return (callers.length > 0 ? callers : [anyWorkload]).flatMap((caller) =>
        tokens.flatMap((principal) =>
          everyPair(methods, paths).map((pair) => ({
            operation: pair,
            caller,
            principal,
            asks,
            subjects: subjectsOf(principal, asks, holders, own),
            conditions,
          })),
        ),
      );
    }),
  );
}

const conditionOf = (about: string, value: unknown): Condition => ({
  about,
  text: `${about} ${JSON.stringify(value)}`,
});

/** Permissions in words: `read:orders and (write:orders or admin:orders)`. */
export const permissionWords = (asks: Access["asks"]): string =>
  asks
    .map((some) =>
      some.length > 1 && asks.length > 1 ? `(${some.join(" or ")})` : some.join(" or "),
    )
    .join(" and ");

/** Who has a token with one of each of these permissions, of whom the plan knows. */
function subjectsOf(
  principal: string | undefined,
  asks: Access["asks"],
  holders: readonly Holder[],
  { issuer }: OwnTokens,
): readonly string[] {
  if (principal === undefined) return [anyone];
  const isOwn = issuer !== undefined && principal === `${issuer}/*`;
  const tokens = isOwn ? "tokens" : `tokens of ${principal.replace(/\/\*$/, "")}`;
  if (asks.length === 0) return [isOwn ? signedIn : tokens];
  const known = isOwn
    ? holders.filter(({ permissions }) =>
        asks.every((some) => some.some((each) => permissions.includes(each))),
      )
    : [];
  // A token may have them in a way that the plan does not show: it comes last.
  return [...known.map(({ name }) => name), `${tokens} with ${permissionWords(asks)}`];
}

/** Whether a rule for the same workloads lets a client do all of this, no matter under which conditions. */
const isAbout = (each: Access, subject: string, { operation, caller }: Access) =>
  (each.caller === caller || each.caller === anyWorkload) &&
  each.subjects.some((other) => isPartOf(subject, other)) &&
  includes(each.operation, operation);

/** Whether one of a plan's rules for the same workloads lets a client do all of this, and under no further condition. */
export const may = (granted: readonly Access[], subject: string, access: Access): boolean =>
  granted.some(
    (each) =>
      isAbout(each, subject, access) &&
      each.conditions.every(({ text }) => access.conditions.some((own) => own.text === text)),
  );

/** Those of a plan's rules for the same workloads that let a client do just this, under other conditions. */
export const underOthers = (
  granted: readonly Access[],
  subject: string,
  access: Access,
): readonly Access[] =>
  granted.filter(
    (each) => isAbout(each, subject, access) && includes(access.operation, each.operation),
  );

/** The tenant's roles and machines have tokens of its issuer. */
const isPartOf = (subject: string, other: string) =>
  subject === other ||
  other === anyone ||
  (other === signedIn && /^(role|machine|tokens with) /.test(subject));
