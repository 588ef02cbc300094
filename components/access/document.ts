/**
 * How services' OpenAPI documents and the table differ, and which permissions no token can hold. Either may be so on
 * purpose, so this is for a reviewer, and no mistake.
 */
import type { Application } from "../application";
import { includes, isFor, type Operation, operationNamed } from "./operations";
import { inWords, keyOf, permissionsIn, type Requirement } from "./requirement";
import { type ApiDocument, requirementIn, type Row, rowsOf, type ServiceAccess } from "./rows";

/** As much of an application as is compared with the documents. */
type Compared = Pick<Application, "roles"> & {
  readonly services: Readonly<Record<string, ServiceAccess>>;
};

/** As much of the settings as decides which permissions tokens can hold. */
export interface Holding {
  readonly identity: {
    readonly kind: "auth0" | "oidc";
    readonly machines: readonly { readonly permissions: readonly string[] }[];
  };
  readonly authentication: { readonly issuers: readonly unknown[] };
}

/**
 * Every difference, a line each: what a document has and the table refuses, what the table admits and the document does
 * not have, what the two ask different permissions for; and for each service a permission that no role or machine holds.
 */
export function documentDifferences(
  { services, roles }: Compared,
  settings: Holding,
): readonly string[] {
  const held = heldPermissions(roles, settings);
  return Object.entries(services).flatMap(([service, access]) => {
    const { document } = access;
    const rows = rowsOf(access);
    const operations = document === undefined ? [] : documented(document);
    return [
      ...(document === undefined ? [] : differencesOf(document, operations, rows)),
      ...(held === undefined ? [] : notHeld([...operations, ...rows], held)),
    ].map((difference) => `${service}: ${difference}`);
  });
}

/** An operation of a document. */
interface Documented {
  readonly name: string;
  readonly operation: Operation;
  readonly requires: Requirement;
}

const documented = ({ operations }: ApiDocument): readonly Documented[] =>
  Object.entries(operations).map(([name, access]) => ({
    name,
    operation: operationNamed(name),
    requires: requirementIn(access),
  }));

const differencesOf = (
  document: ApiDocument,
  operations: readonly Documented[],
  rows: readonly Row[],
): readonly string[] => [
  ...operations.flatMap((one) => ofDocumented(document, one, rows)),
  ...rows.flatMap((row) => ofRow(document, row)),
];

function ofDocumented(
  { file }: ApiDocument,
  { name, operation, requires }: Documented,
  rows: readonly Row[],
): readonly string[] {
  const about = rows.filter(
    (row) => row.operation !== undefined && isFor(row.operation, operation),
  );
  const isAdmitted = about.some((row) => row.operation && includes(row.operation, operation));
  const other = about.find((row) => keyOf(row.requires) !== keyOf(requires));
  return [
    ...(isAdmitted ? [] : [`${name} is in ${file}, and the table ${partly("refuses", about)}`]),
    ...(other === undefined
      ? []
      : [
          `${name} asks for ${inWords(requires)} in ${file}, and for ${inWords(other.requires)} in the table`,
        ]),
  ];
}

function ofRow(document: ApiDocument, { name, operation }: Row): readonly string[] {
  if (name === undefined || operation === undefined) return [];
  const about = documented(document).filter((one) => isFor(operation, one.operation));
  if (about.some((one) => includes(one.operation, operation))) return [];
  return [`${name} is in the table, and ${document.file} ${partly("does not have", about)}`];
}

const partly = (without: string, about: readonly { readonly name?: string }[]) =>
  about.length === 0
    ? `${without} it`
    : `has only ${about.map(({ name }) => name).join(", ")} of it`;

/**
 * Each permission that a role of the table or a machine of the settings holds; undefined where a provider of which the
 * stack makes nothing decides who holds what, of all tokens or of some.
 */
export function heldPermissions(
  roles: Application["roles"],
  { identity, authentication }: Holding,
): readonly string[] | undefined {
  if (identity.kind !== "auth0" || authentication.issuers.length > 0) return undefined;
  return [...Object.values(roles), ...identity.machines].flatMap(({ permissions }) => permissions);
}

/** @param all a whole service has no name */
function notHeld(
  all: readonly Pick<Row, "name" | "requires">[],
  held: readonly string[],
): readonly string[] {
  const asking = all.flatMap(({ name = "every request", requires }) =>
    permissionsIn(requires)
      .filter((permission) => !held.includes(permission))
      .map((permission) => ({ permission, name })),
  );
  return [...Map.groupBy(asking, ({ permission }) => permission)].map(([permission, those]) => {
    const names = new Set(those.map(({ name }) => name));
    return `no role of the table and no machine of the settings holds ${permission}, which is asked for by ${[...names].join(", ")}`;
  });
}
