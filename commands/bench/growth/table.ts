/** The access table and its workloads with more services than Bookinfo has: each is called by the one before it. */
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

/** The names of the services that are added to the clone's own. */
export function addedServices(services: number): readonly string[] {
  return Array.from({ length: services - ownServices }, (_, position) => `service-${position + 1}`);
}

/** The edits that give the clone's own table this many services: ratings calls the first added one, and so on. */
export function editsFor(services: number): readonly Edit[] {
  const names = addedServices(services);
  if (names.length === 0) return [];
  const permissions = ["read:book-details", "read:book-reviews"];
  const rows = names.map((name, position) => {
    const caller = names[position - 1] ?? "ratings";
    const permission = permissions[position % permissions.length];
    return `  "${name}": { callers: ["${caller}"], requires: "${permission}" },\n`;
  });
  // They run the program of details: images of their own would have the same bytes.
  const workloads = names.map((name) => `    "${name}": [run("details-v1")],\n`);
  const typeAnchor = 'export type ServiceName = "productpage"';
  const rowAnchor = '  ratings: { callers: ["reviews"], requires: "read:book-reviews" },\n';
  const workloadAnchor = '    ratings: [run("ratings-v1")],\n';
  const pathAnchor = '  ratings: "/ratings/0",\n';
  const paths = names.map((name) => `  "${name}": "/details/0",\n`);
  const requestAnchor = 'requests: { cpu: "10m"';
  const type = names.map((name) => ` | "${name}"`).join("");
  return [
    {
      file: "application.ts",
      anchor: typeAnchor,
      replacement: typeAnchor + type,
    },
    { file: "application.ts", anchor: rowAnchor, replacement: rowAnchor + rows.join("") },
    {
      file: "workloads.ts",
      anchor: workloadAnchor,
      replacement: workloadAnchor + workloads.join(""),
    },
    { file: "application.ts", anchor: pathAnchor, replacement: pathAnchor + paths.join("") },
    // So that a hundred of them fit on one node.
    {
      file: "components/workloads/pod.ts",
      anchor: requestAnchor,
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
