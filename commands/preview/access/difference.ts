/** Who gains and who loses what between the reviewed plan and this one, the most dangerous first. */
import { istioPath, type Operation } from "../../../components/access/operations";
import { gateway, rowsOf } from "../../../components/access/rows";
import { type Application, callerAccount } from "../../../components/application";
import type { Entry } from "../graph";
import { type Access, accessOf, anyone, may, signedIn } from "./access";
import { type AccessObjects, accessObjects } from "./objects";

/** One change, as `role customer gains DELETE /orders/{id} of orders, through the gateway`. */
export interface AccessChange {
  readonly kind: "gains" | "loses" | "changes";
  readonly text: string;
}

/** @param application gives operations and services their names in the table */
export function accessDifference(
  reviewed: readonly Entry[],
  planned: readonly Entry[],
  application: Application,
): readonly AccessChange[] {
  const [before, after] = [reviewed, planned].map((each) => accessObjects(each, application));
  if (before === undefined || after === undefined) return [];
  const [old, now] = [accessOf(before), accessOf(after)];
  const gained = beyond(now, old).sort((one, other) => danger(one.subject) - danger(other.subject));
  const lost = beyond(old, now);
  const name = namesIn(application);
  const of = (kind: AccessChange["kind"], texts: readonly string[]) =>
    [...new Set(texts)].map((text) => ({ kind, text }));
  const isOpen = ({ subject }: Part) => danger(subject) === 0;
  return [
    ...of("gains", sentences(gained.filter(isOpen), "gains", name)),
    ...of("changes", [
      ...otherObjects(before, after),
      ...otherConditions(old, now, name),
      ...otherPermissions(old, now, [...gained, ...lost], name),
    ]),
    ...of(
      "gains",
      sentences(
        gained.filter((each) => !isOpen(each)),
        "gains",
        name,
      ),
    ),
    ...of("gains", rolesBeyond(after, before, "gains")),
    ...of("loses", sentences(lost, "loses", name)),
    ...of("loses", rolesBeyond(before, after, "loses")),
  ];
}

/** What one subject may do by one rule. */
interface Part extends Access {
  readonly subject: string;
}

/** What the first plan lets somebody do, and the other does not. */
function beyond(some: readonly Access[], others: readonly Access[]): Part[] {
  return some.flatMap((access) =>
    access.subjects
      .filter((subject) => !may(others, subject, access))
      .map((subject) => ({ ...access, subject })),
  );
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
  service(service: string): string;
  operation(service: string, operation: Operation | undefined): string;
  /** Undefined: the gateway. */
  caller(caller: string): string | undefined;
}

function namesIn(application: Application): Names {
  const { namespace, services } = application;
  const short = (service: string) =>
    service.startsWith(`${namespace}/`) ? service.slice(namespace.length + 1) : service;
  const callers = new Map(
    Object.keys(services).map((service) => [callerAccount(application, service), service]),
  );
  const keyOf = (service: string, { method, path }: Operation) =>
    `${service} ${method} ${istioPath(path)}`;
  const named = new Map(
    Object.entries(services).flatMap(([service, access]) =>
      rowsOf(access).flatMap(({ name, operation }) =>
        operation === undefined || name === undefined ? [] : [[keyOf(service, operation), name]],
      ),
    ),
  );
  return {
    service: short,
    operation: (service, operation) =>
      operation === undefined
        ? "everything"
        : (named.get(keyOf(short(service), operation)) ??
          `${operation.method} ${istioPath(operation.path)}`),
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
  const groups = Map.groupBy(parts, ({ subject, service, caller }) =>
    JSON.stringify([subject, service, caller]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { subject, service, caller } = first;
    const operations = [...new Set(group.map((each) => name.operation(service, each.operation)))];
    const all = operations.includes("everything") ? "everything" : operations.join(", ");
    const by = name.caller(caller);
    // Without a token a workload is known by its identity.
    if (by !== undefined && subject === anyone)
      return [`workload ${by} ${verb} ${all} of ${name.service(service)}`];
    const agreed = subject.startsWith("tokens") ? verb.slice(0, -1) : verb;
    return [
      `${subject} ${agreed} ${all} of ${name.service(service)}, through ${by ?? "the gateway"}`,
    ];
  });
}

/** Objects that decide in another way, such as mutual TLS, tokens' issuers and DENY policies. */
function otherObjects(before: AccessObjects, after: AccessObjects): readonly string[] {
  const titles = [...new Set([...before.others.keys(), ...after.others.keys()])].sort();
  return titles.flatMap((title) => {
    const [old, now] = [before.others.get(title), after.others.get(title)];
    if (old?.text === now?.text) return [];
    if (old !== undefined && now !== undefined) return [`${title} is another`];
    if ((old ?? now)?.isPolicy === true) return [];
    return [`${title} is ${old === undefined ? "new" : "gone"}`];
  });
}

/** What a rule is about, without what it asks for. */
const placeOf = ({ service, operation, caller, principals }: Access) =>
  JSON.stringify([service, operation, caller, principals]);

/** Other permissions for the same, which the same roles and machines hold. */
function otherPermissions(
  old: readonly Access[],
  now: readonly Access[],
  told: readonly Access[],
  name: Names,
): readonly string[] {
  const known = new Set(told.map(placeOf));
  const before = Map.groupBy(old, placeOf);
  return [...Map.groupBy(now, placeOf)].flatMap(([place, those]) => {
    const [first] = those;
    const [asked, asks] = [before.get(place) ?? [], those].map(permissionsIn);
    if (first === undefined || asked === "" || asked === asks || known.has(place)) return [];
    const { service, operation } = first;
    return [
      `${name.operation(service, operation)} of ${name.service(service)} asks for ${asks}, and asked for ${asked}: the same roles and machines hold it`,
    ];
  });
}

const permissionsIn = (some: readonly Access[]) =>
  [...new Set(some.flatMap(({ asks }) => asks.map((all) => all.join(" and "))))]
    .sort()
    .join(" or ");

/** What else rules ask for that stay in all else. */
function otherConditions(
  old: readonly Access[],
  now: readonly Access[],
  name: Names,
): readonly string[] {
  const keyOf = (access: Access) => JSON.stringify([placeOf(access), access.asks]);
  const before = new Map(old.map((access) => [keyOf(access), access.conditions]));
  const found = now.flatMap((access) => {
    const known = before.get(keyOf(access));
    if (known === undefined) return [];
    const all = [...new Set([...Object.keys(known), ...Object.keys(access.conditions)])];
    return all
      .filter((about) => known[about] !== access.conditions[about])
      .map((about) => ({ about, service: name.service(access.service) }));
  });
  return [...Map.groupBy(found, ({ about }) => about)].map(([about, those]) => {
    const services = [...new Set(those.map(({ service }) => service))];
    return `rules of ${services.join(", ")}: their condition ${about} is another`;
  });
}

function rolesBeyond(
  { users }: AccessObjects,
  other: AccessObjects,
  verb: "gains" | "loses",
): readonly string[] {
  return [...users].flatMap(([user, roles]) =>
    roles
      .filter((role) => !(other.users.get(user) ?? []).includes(role))
      .map((role) => `user ${user} ${verb} role ${role}`),
  );
}
