/** What the comparisons with a tenant have in common. */
import { refreshCommand } from "../../../stack/last-update";
import { isEnough } from "../../../../components/access/requirement";
import { type Row, rowsOf } from "../../../../components/access/rows";
import type { Application } from "../../../../components/application";
import type { TenantObjects } from "../../../../components/identity/tenant-objects";
import { firstLine } from "../../../../lib/errors";
import type { StackOutputs } from "../../../stack/outputs";
import type { Finding } from "../finding";
import type { Document, ManagementApi } from "./management-api";
import type { Deviation } from "./settings";

/** What the comparison has to know of a stack. */
export type TenantOutputs = Pick<
  StackOutputs,
  "audience" | "authentication" | "clientIds" | "gatewayUrl" | "issuer" | "login" | "viewers"
>;

/** A tenant that is being read, and what the stack makes there. */
export interface Reading {
  readonly api: ManagementApi;
  readonly application: Application;
  readonly outputs: TenantOutputs;
  readonly objects: TenantObjects;
  /** Every client of the tenant, without its secrets. */
  readonly clients: () => Promise<readonly Document[]>;
  /** Every role, with what it grants. */
  readonly roles: () => Promise<readonly Role[]>;
  /** Every user, with who it is by. */
  readonly users: () => Promise<readonly User[]>;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly HeldPermission[];
}

export interface HeldPermission {
  /** The API's identifier. */
  readonly api: string;
  readonly name: string;
}

export interface User {
  readonly id: string;
  /** The e-mail address; the id where there is none. */
  readonly name: string;
  /** The user stores that it is in. */
  readonly connections: readonly string[];
}

/** Something of the stack's that the tenant does not have. */
export function missing(object: string): Finding {
  return { object, opens: "it is missing: the stack asks for it", undo: refreshCommand };
}

/**
 * A finding for each setting.
 * @param path of the object in the Management API
 */
export function settingFindings(
  object: string,
  path: string,
  found: readonly Deviation[],
): readonly Finding[] {
  return found.map(({ field, opens, reset }) => ({
    object,
    opens,
    undo: undoOf(path, field, reset),
  }));
}

/** The API replaces an object within an object as a whole: one of its fields has no command of its own. */
function undoOf(path: string, field: string, reset: unknown): string {
  if (reset === undefined) return refreshCommand;
  if (field.includes("."))
    return `set ${field} of ${path} to ${JSON.stringify(reset)} at the tenant`;
  return call("patch", path, { [field]: reset });
}

/** The Auth0 command line's command for a call of the Management API. */
export function call(method: "patch" | "delete", path: string, body?: unknown): string {
  const data = body === undefined ? "" : ` --data '${JSON.stringify(body)}'`;
  return `auth0 api ${method} ${path}${data}`;
}

/** A name from the tenant, on one line. */
export function named(value: unknown): string {
  return typeof value === "string" ? firstLine(value, 100) : "without a name";
}

export function idOf({ id }: Document): string {
  return String(id);
}

/** The API's permissions among these. */
export function ofApi(permissions: readonly HeldPermission[], audience: string): readonly string[] {
  return permissions.filter(({ api }) => api === audience).map(({ name }) => name);
}

/** What a token with these permissions is good for, by the table. */
export function reach({ services }: Application, permissions: readonly string[]): string {
  const isOpen = ({ requires }: Row) => requires !== "public" && isEnough(requires, permissions);
  const open = Object.entries(services).flatMap(([service, access]) =>
    rowsOf(access)
      .filter(isOpen)
      .map(({ name }) => (name === undefined ? service : `${service} (${name})`)),
  );
  return open.length === 0 ? "the table gives it nothing" : `it may call ${open.join(", ")}`;
}
