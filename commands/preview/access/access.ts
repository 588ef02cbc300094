/** Who may do what by a plan's own policies, roles and machines: the table has no say in it. */
import { includes, type Operation } from "../../../components/access/operations";
import type { AccessObjects, Holder, PolicyRule } from "./objects";

/** A client without a token. */
export const anyone = "anyone";

/** A client with any token of the stack's own issuer. */
export const signedIn = "every signed-in user and machine";

/** One thing that a policy's rule lets some clients do. */
export interface Access {
  /** With its namespace: `shop/orders`. */
  readonly service: string;
  /** Undefined: every request. Its path is a template. */
  readonly operation?: Operation;
  /** The service account of the workload that sends the request: `istio-ingress/istio-ingress`. */
  readonly caller: string;
  /** Who may: a role, a machine, `anyone`, `signedIn`, or tokens that no role or machine of the tenant stands for. */
  readonly subjects: readonly string[];
  /** The request principals that are enough: none where no token is needed. */
  readonly principals: readonly string[];
  /** Permissions that are enough: each list is one alternative. None where no token is needed, an empty one for any. */
  readonly asks: readonly (readonly string[])[];
  /** The rule's other conditions, by what they are about. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** A caller that a rule does not name. */
const anyWorkload = "any workload";

export function accessOf({ policies, holders, issuer }: AccessObjects): readonly Access[] {
  return policies.flatMap(({ service, rules }) =>
    rules.flatMap((rule) => accessByRule(service, rule, holders, issuer)),
  );
}

type Source = NonNullable<PolicyRule["from"]>[number]["source"];
type To = NonNullable<PolicyRule["to"]>[number]["operation"];

const noSource: Source = { serviceAccounts: [], principals: [] };
const noOperation: To = { methods: [], paths: [] };

function accessByRule(
  service: string,
  { from = [{ source: noSource }], to = [{ operation: noOperation }], when, ...rest }: PolicyRule,
  holders: readonly Holder[],
  issuer: string | undefined,
): readonly Access[] {
  const isPermission = ({ key, values }: PolicyRule["when"][number]) =>
    key.startsWith("request.auth.claims[") && values !== undefined;
  const asked = when.filter(isPermission).map(({ values = [] }) => values);
  const others = when.filter((each) => !isPermission(each));
  return from.flatMap(({ source }) =>
    to.flatMap(({ operation }) => {
      const { serviceAccounts, principals, requestPrincipals, ...narrower } = source;
      const { methods, paths, ...where } = operation;
      const conditions = {
        ...rest,
        ...Object.fromEntries(others.map(({ key, ...values }) => [key, values])),
        ...narrower,
        ...where,
      };
      const found = {
        service,
        principals: requestPrincipals ?? [],
        asks: requestPrincipals === undefined ? [] : alternatives(asked),
        subjects: subjectsOf(requestPrincipals, alternatives(asked), holders, issuer),
        conditions: Object.fromEntries(
          Object.entries(conditions).map(([about, value]) => [about, JSON.stringify(value)]),
        ),
      };
      const callers = [...serviceAccounts, ...principals];
      return (callers.length > 0 ? callers : [anyWorkload]).flatMap((caller) =>
        operationsOf(methods, paths).map((each) => ({ ...found, caller, ...each })),
      );
    }),
  );
}

/** One value of each list has to be there: every choice of one of each. */
function alternatives(asked: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return asked.reduce<readonly (readonly string[])[]>(
    (found, values) => found.flatMap((all) => values.map((value) => [...all, value])),
    [[]],
  );
}

/** Who has a token with one of these alternatives, of whom the plan knows. */
function subjectsOf(
  requestPrincipals: readonly string[] | undefined,
  asks: readonly (readonly string[])[],
  holders: readonly Holder[],
  issuer: string | undefined,
): readonly string[] {
  if (requestPrincipals === undefined) return [anyone];
  return requestPrincipals.flatMap((principal) => {
    const isOwn = principal === `${issuer}/*`;
    const tokens = isOwn ? "tokens" : `tokens of ${principal.replace(/\/\*$/, "")}`;
    if (asks.some((all) => all.length === 0)) return [isOwn ? signedIn : tokens];
    if (!isOwn || holders.length === 0)
      return asks.map((all) => `${tokens} with ${all.join(" and ")}`);
    return holders
      .filter(({ permissions }) =>
        asks.some((all) => all.every((each) => permissions.includes(each))),
      )
      .map(({ name }) => name);
  });
}

/** Istio's `{*}` and `{**}` are the table's templates. */
const templateOf = (path: string) =>
  path.replaceAll("{**}", "{rest...}").replaceAll("{*}", "{any}");

/** What stands for every method: Envoy knows none with this name. */
const everyMethod = "*";

function operationsOf(
  methods: readonly string[],
  paths: readonly string[],
): readonly { readonly operation?: Operation }[] {
  if (methods.length === 0 && paths.length === 0) return [{}];
  const all = paths.length > 0 ? paths.map(templateOf) : ["/{rest...}"];
  return (methods.length > 0 ? methods : [everyMethod]).flatMap((method) =>
    all.map((path) => ({ operation: { method, path } })),
  );
}

/** Whether a plan lets a client do all of this. */
export function may(
  granted: readonly Access[],
  subject: string,
  { service, operation, caller }: Access,
): boolean {
  return granted.some(
    (each) =>
      each.service === service &&
      (each.caller === caller || each.caller === anyWorkload) &&
      each.subjects.some((other) => isPartOf(subject, other)) &&
      (each.operation === undefined ||
        (operation !== undefined && isWithin(operation, each.operation))),
  );
}

/** The tenant's roles and machines have tokens of its issuer. */
const isPartOf = (subject: string, other: string) =>
  subject === other ||
  other === anyone ||
  (other === signedIn && /^(role|machine|tokens with) /.test(subject));

const isWithin = (one: Operation, other: Operation) =>
  includes(other.method === everyMethod ? { ...other, method: one.method } : other, one);
