/** Who gains and who loses what between the reviewed plan and this one, the most dangerous first. */
import { operationNamed, istioPath } from "../../../components/access/operations";
import { gateway, rowsOf } from "../../../components/access/rows";
import { type Application, callerAccount, serviceOfPod } from "../../../components/application";
import { namespaces } from "../../../components/names";
import type { Entry } from "../graph";
import {
  type Access,
  accessOf,
  anyone,
  may,
  type OwnTokens,
  permissionWords,
  signedIn,
  underOthers,
} from "./access";
import { type AccessObjects, accessObjects } from "./objects";

/** One change, as `role customer gains DELETE /orders/{id} of orders, through the gateway`. */
export interface AccessChange {
  readonly kind: "gains" | "loses" | "changes";
  readonly text: string;
}

/**
 * @param application gives operations and services their names in the table
 * @param own whose users and machines the tenant has
 */
export function accessDifference(
  reviewed: readonly Entry[],
  planned: readonly Entry[],
  application: Application,
  own: OwnTokens,
): readonly AccessChange[] {
  const [before, after] = [
    accessObjects(reviewed, application, own.audience),
    accessObjects(planned, application, own.audience),
  ];
  const [old, now] = [accessOf(before, own), accessOf(after, own)];
  const name = namesIn(application);
  const [gained, lost] = [beyond(now, old), beyond(old, now)];
  const parts = gained.parts.toSorted((one, other) => danger(one.subject) - danger(other.subject));
  const of = (kind: AccessChange["kind"], texts: readonly string[]) =>
    [...new Set(texts)].map((text) => ({ kind, text }));
  const isOpen = ({ subject }: Part) => danger(subject) === 0;
  return [
    ...of("gains", sentences(parts.filter(isOpen), "gains", name)),
    ...of("changes", [
      ...changedObjects(before, after),
      ...changedConditions([...gained.conditions, ...lost.conditions], name),
      ...changedPermissions(old, now, [...gained.parts, ...lost.parts], name),
    ]),
    ...of(
      "gains",
      sentences(
        parts.filter((each) => !isOpen(each)),
        "gains",
        name,
      ),
    ),
    ...of("gains", rolesBeyond(after, before, "gains")),
    ...of("loses", sentences(lost.parts, "loses", name)),
    ...of("loses", rolesBeyond(before, after, "loses")),
  ];
}

/** What one subject may do by one rule. */
interface Part extends Access {
  readonly subject: string;
}

/** What the first plan lets somebody do, and the other does not, or only under other conditions. */
function beyond(some: readonly Access[], others: readonly Access[]) {
  const byWorkloads = Map.groupBy(others, ({ whose }) => whose);
  const all = some.flatMap((access) => {
    const rules = byWorkloads.get(access.whose) ?? [];
    // Where roles or machines hold the permissions, they stand for the tokens.
    return (access.subjects.length > 1 ? access.subjects.slice(0, -1) : access.subjects)
      .filter((subject) => !may(rules, subject, access))
      .map((subject) => ({ ...access, subject, like: underOthers(rules, subject, access) }));
  });
  return {
    parts: all.filter(({ like }) => like.length === 0),
    conditions: all.flatMap((access) =>
      access.like
        .slice(0, 1)
        .flatMap((other) => differing(access, other).map((about) => ({ about, access }))),
    ),
  };
}

/** What the conditions are about that only one of the two has. */
function differing({ conditions: some }: Access, { conditions: others }: Access) {
  const lacks = (list: Access["conditions"], text: string) =>
    list.every((each) => each.text !== text);
  return [
    ...some.filter(({ text }) => lacks(others, text)),
    ...others.filter(({ text }) => lacks(some, text)),
  ].map(({ about }) => about);
}

/** The most dangerous is 0. */
function danger(subject: string): number {
  const order = [anyone, signedIn];
  if (order.includes(subject)) return order.indexOf(subject);
  const kinds = ["tokens", "role", "machine"];
  return order.length + kinds.findIndex((kind) => subject.startsWith(kind));
}

/** The table's names. */
interface Names {
  service(access: Access): string;
  operation(access: Access): string;
  /** Undefined: the gateway. */
  caller(caller: string): string | undefined;
}

function namesIn(application: Application): Names {
  const { namespace, services } = application;
  const callers = new Map(
    Object.keys(services).map((service) => [callerAccount(application, service), service]),
  );
  const keyOf = (service: string, method: string, path: string) => `${service} ${method} ${path}`;
  const named = new Map(
    Object.entries(services).flatMap(([service, access]) =>
      rowsOf(access).flatMap(({ name }) => {
        if (name === undefined) return [];
        const { method, path } = operationNamed(name);
        return [[keyOf(service, method, istioPath(path)), name]];
      }),
    ),
  );
  const serviceName = ({ namespace: own, labels }: Access) => {
    if (labels === undefined)
      return own === namespaces.mesh ? "every workload of the mesh" : `every workload of ${own}`;
    const found = own === namespace ? serviceOfPod(application, labels) : undefined;
    const words = Object.entries(labels).map((each) => each.join(": "));
    return found ?? `the workloads with ${words.join(", ")} of ${own}`;
  };
  return {
    service: serviceName,
    operation: (access) => {
      const { method, path } = access.operation;
      if (method === undefined && path === undefined) return "everything";
      const [asked, place] = [method ?? "every method of", path ?? "every path"];
      return named.get(keyOf(serviceName(access), asked, place)) ?? `${asked} ${place}`;
    },
    caller: (caller) =>
      caller === callerAccount(application, gateway) ? undefined : (callers.get(caller) ?? caller),
  };
}

/** One sentence for all that a subject gains or loses of a service by one caller. */
function sentences(
  parts: readonly Part[],
  verb: "gains" | "loses",
  name: Names,
): readonly string[] {
  const groups = Map.groupBy(parts, ({ subject, whose, caller }) =>
    JSON.stringify([subject, whose, caller]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const operations = [...new Set(group.map((each) => name.operation(each)))];
    const all = operations.includes("everything") ? "everything" : operations.join(", ");
    const by = name.caller(first.caller);
    const what = `${all} of ${name.service(first)}`;
    // Without a token a workload is known by its identity.
    if (by !== undefined && first.subject === anyone) return [`workload ${by} ${verb} ${what}`];
    const agreed = first.subject.startsWith("tokens") ? verb.slice(0, -1) : verb;
    return [`${first.subject} ${agreed} ${what}, through ${by ?? "the gateway"}`];
  });
}

/** Objects that decide in another way, such as mutual TLS, tokens' issuers, DENY policies, and pods' labels. */
function changedObjects(before: AccessObjects, after: AccessObjects): readonly string[] {
  const titles = [...new Set([...before.others.keys(), ...after.others.keys()])].sort();
  const found = titles.flatMap((title) => {
    const [old, now] = [before.others.get(title), after.others.get(title)];
    if (old?.text === now?.text) return [];
    if (old !== undefined && now !== undefined) return [{ of: now, is: "another" }];
    const [one, is] = now === undefined ? [old, "gone"] : [now, "new"];
    return one === undefined || one.isPolicy ? [] : [{ of: one, is }];
  });
  const isUsual = ({ of, is }: (typeof found)[number]) => of.isUsual && is === "new";
  const together = found.filter(isUsual).map(({ of }) => of.title);
  return [
    ...found.filter((each) => !isUsual(each)).map(({ of, is }) => `${of.title} is ${is}`),
    ...(together.length > 0 ? [`new, next to them: ${together.join(", ")}`] : []),
  ];
}

/** What a rule is about, without what it asks for. */
const placeOf = ({ whose, operation, caller, principal }: Access) =>
  JSON.stringify([whose, operation, caller, principal]);

/** Other permissions for the same, which the same roles and machines hold. */
function changedPermissions(
  old: readonly Access[],
  now: readonly Access[],
  told: readonly Access[],
  name: Names,
): readonly string[] {
  const known = new Set(told.map(placeOf));
  const before = Map.groupBy(old, placeOf);
  const asksOf = (some: readonly Access[]) =>
    [...new Set(some.map(({ asks }) => permissionWords(asks)))].sort().join(", or ");
  return [...Map.groupBy(now, placeOf)].flatMap(([place, those]) => {
    const [first] = those;
    const [asked, asks] = [asksOf(before.get(place) ?? []), asksOf(those)];
    if (first === undefined || asked === "" || asked === asks || known.has(place)) return [];
    return [
      `${name.operation(first)} of ${name.service(first)} asks for ${asks}, and asked for ${asked}: the same roles and machines hold it`,
    ];
  });
}

/** What else rules ask for that stay in all else. */
function changedConditions(
  found: readonly { readonly about: string; readonly access: Access }[],
  name: Names,
): readonly string[] {
  return [...Map.groupBy(found, ({ about }) => about)].map(([about, those]) => {
    const services = [...new Set(those.map(({ access }) => name.service(access)))].sort();
    return `rules of ${services.join(", ")}: their condition ${about} is another`;
  });
}

function rolesBeyond(
  { users }: AccessObjects,
  other: AccessObjects,
  verb: "gains" | "loses",
): readonly string[] {
  return [...users].flatMap(([key, { name, roles }]) =>
    roles
      .filter((role) => !(other.users.get(key)?.roles ?? []).includes(role))
      .map((role) => `user ${name} ${verb} role ${role}`),
  );
}
