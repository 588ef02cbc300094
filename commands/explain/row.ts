/** The row of the table that a request is judged by. */
import { inWords } from "../../components/access/requirement";
import { rowsFor } from "../../components/access/rows";
import type { Application } from "../../components/application";
import { comparedPath } from "./matching";
import type { Mesh } from "./policies";
import type { Hop } from "./way";

type Asked = Pick<Hop, "name" | "method" | "path">;

/**
 * The operation, what it asks for, and of whom: `GET /orders/{id}: read:orders, from gateway`.
 * @param way the request to each workload, in order
 * @param position the workload that decides; where that is the gateway, the row is that of the service behind it
 */
export function rowFor(
  { services }: Pick<Application, "services">,
  mesh: Pick<Mesh, "pathNormalization">,
  way: readonly Asked[],
  position: number,
): string | undefined {
  const asked = way.slice(position).find(({ name }) => Object.hasOwn(services, name));
  const access = asked && services[asked.name];
  if (asked === undefined || access === undefined) return undefined;
  const { callers } = access;
  if (access.protocol === "tcp") return `every connection, from ${callers.join(", ")}`;
  const { method } = asked;
  const path = comparedPath(asked.path, mesh);
  const rows = rowsFor(access, { method, path });
  if (rows.length === 0) return `none of ${asked.name} is for ${method} ${path}`;
  return rows
    .map(
      ({ name = "every request", requires, callers: own }) =>
        `${name}: ${inWords(requires)}, from ${own.join(", ")}`,
    )
    .join("; ");
}
