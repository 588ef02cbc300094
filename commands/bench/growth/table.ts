/** The access table and its workloads with more services than Bookinfo has. */
import type { Requirement } from "../../../components/access/requirement";
import type { RequestAccess } from "../../../components/access/rows";
import type { Path } from "../../../components/application";
import { UserError } from "../../../lib/errors";

/** The services that the clone's own table has. */
export const ownServices = 4;

/** One change to a file of a copy of the clone. */
export interface Edit {
  readonly file: string;
  /** The text has to be in the file exactly once. */
  readonly anchor: string;
  readonly replacement: string;
}

/** A service that is added to the clone's own. It runs the program of details: an image of its own would have the same bytes. */
export interface AddedService {
  readonly name: string;
  readonly access: RequestAccess;
  /** What the program answers: a path below `/details` that ends in a number. */
  readonly path: string;
  /** Default: those that follow from its operations. */
  readonly routes?: readonly Path[];
}

/** The requirement of the requests that are measured, and all kinds of them: each is a rule of its own. */
export const read = "read:book-details";
const requirements: readonly Requirement[] = [
  "public",
  "signedIn",
  "read:book-reviews",
  { allOf: [read, "read:book-reviews"] },
  read,
];
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * So many operations, five on each path, that ask for each requirement as often, in each method. The last path is the
 * last of the last rule.
 */
export function operationsOf(count: number) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, position) => {
      const collection = Math.floor(position / methods.length);
      const method = methods[position % methods.length] ?? "";
      const requires = requirements[(position + collection) % requirements.length] ?? read;
      return [`${method} /details/${collection}/{id}`, requires];
    }),
  );
}

/**
 * The services that make the table this large: ratings calls the first added one, and so on.
 * @param operations how many each has. Default: its row is about every request
 */
export function chainOf(services: number, operations = 0): readonly AddedService[] {
  const permissions = [read, "read:book-reviews"];
  return Array.from({ length: services - ownServices }, (_, position) => {
    const callers = [position === 0 ? "ratings" : `service-${position}`];
    const requires = permissions[position % permissions.length] ?? read;
    return {
      name: `service-${position + 1}`,
      access:
        operations > 0 ? { callers, operations: operationsOf(operations) } : { callers, requires },
      path: "/details/0/0",
    };
  });
}

/** The edits that add these services to the clone's own table. */
export function editsFor(added: readonly AddedService[]): readonly Edit[] {
  if (added.length === 0) return [];
  const typeAnchor = 'export type ServiceName = "productpage"';
  const after = (
    file: string,
    anchor: string,
    lineOf: (service: AddedService) => string,
  ): Edit => ({
    file,
    anchor,
    replacement: anchor + added.map((service) => `${lineOf(service)}\n`).join(""),
  });
  return [
    {
      file: "application.ts",
      anchor: typeAnchor,
      replacement: typeAnchor + added.map(({ name }) => ` | "${name}"`).join(""),
    },
    after(
      "application.ts",
      '  ratings: { callers: ["reviews"], requires: "read:book-reviews" },\n',
      ({ name, access }) => `  "${name}": ${JSON.stringify(access)},`,
    ),
    after(
      "application.ts",
      '  ratings: "/ratings/0",\n',
      ({ name, path }) => `  "${name}": "${path}",`,
    ),
    after(
      "application.ts",
      '  productpage: { routes, onRefusal: "same status" },\n',
      ({ name, routes }) => `  "${name}": ${JSON.stringify({ routes })},`,
    ),
    after(
      "workloads.ts",
      '    ratings: [run("ratings-v1")],\n',
      ({ name }) => `    "${name}": [run("details-v1")],`,
    ),
    // So that a hundred of them fit on one node.
    {
      file: "components/workloads/pod.ts",
      anchor: 'requests: { cpu: "10m"',
      replacement: 'requests: { cpu: "1m"',
    },
  ];
}

/**
 * @throws UserError when the anchor is not in the text exactly once: the file has changed since the edits were written
 */
export function edited(text: string, { file, anchor, replacement }: Edit): string {
  const parts = text.split(anchor);
  if (parts.length !== 2) {
    throw new UserError(
      `commands/bench/growth/table.ts does not know how to extend ${file}: look for ${anchor.trim()}`,
    );
  }
  return parts.join(replacement);
}
