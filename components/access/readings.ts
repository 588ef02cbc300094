/** Paths that the mesh tells apart and a service may not: a request for one is then served as the other. */
import type { Application } from "../application";
import { type Operation, sharedPath, withoutRest } from "./operations";
import { asksFor, type Row, rowsOf } from "./rows";

/**
 * Each pair of operations that ask for different things and that a service reads alike if it ignores case, or a slash or
 * dots at the end: a line each, for a reviewer. Such a service does what one operation names for whom the other admits.
 */
export function readAlike({ services }: Pick<Application, "services">): readonly string[] {
  return Object.entries(services).flatMap(([service, access]) => {
    const rows = rowsOf(access);
    return rows.flatMap((one, position) =>
      rows
        .slice(position + 1)
        .filter((other) => asksFor(one) !== asksFor(other) && mayBeAlike(one, other))
        .map(
          (other) =>
            `${service}: ${one.name} and ${other.name} ask for different things, and a service that ignores case, or a slash or dot at the end of a path, reads them alike`,
        ),
    );
  });
}

const mayBeAlike = ({ operation: one }: Row, { operation: other }: Row) =>
  one !== undefined &&
  other !== undefined &&
  sharedPath(one, other) === undefined &&
  [loose(one), withoutRest(loose(one))].some((each) =>
    [loose(other), withoutRest(loose(other))].some((two) => sharedPath(each, two) !== undefined),
  );

/** Templates stay as they are: what they stand for is one segment in any case. */
const loose = ({ method, path }: Operation): Operation => ({
  method,
  path: path
    .replace(/(?!^)[/.]+$/, "")
    .replaceAll(/[^{}]+(?![^{]*\})/g, (text) => text.toLowerCase()),
});
