/** Whether workloads have the shape of such. The compiler sees most of it where the program is compiled with its types. */
import { z } from "zod";
import type { Application } from "../application";
import { describeInCode } from "../settings/problems";
import { matching, section, text, unique } from "../settings/schema";
import type { Workloads } from "./workload";

const percent = "a whole number from 0 to 100";
const absolute = matching(/^\//, "a path that begins with a slash");
const folders = 'folders by the names of volumes, such as { data: "/data" }';

const workload = section(
  {
    version: matching(
      /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/,
      "small letters, digits, hyphens and dots",
    ).optional(),
    image: text("an image with a full tag or a digest"),
    share: z.int(percent).min(0, percent).max(100, percent).optional(),
    environment: z.record(z.string(), z.string("text"), "variables by their names").optional(),
    writable: z.record(z.string(), absolute, folders).optional(),
    health: matching(
      /^(\/.*|connection)$/,
      'a path that begins with a slash, or "connection"',
    ).optional(),
    group: z.int("the number of a group").min(0, "the number of a group").optional(),
    memory: matching(
      /^(?=.*[1-9])\d+(\.\d+)?([KMGT]i|[kMGT])$/,
      "an amount of memory with its unit, such as 256Mi",
    ),
  },
  "a workload",
);

const versions = unique(workload, "a version that no other workload of the service has", "version")
  .min(1, "at least one workload")
  .refine(
    (all) => all.length < 2 || all.every(({ version }) => version !== undefined),
    "a version for each of several workloads",
  )
  .refine((all) => all.length < 2 || sharesOf(all) === 100, "shares that are 100 together");

const sharesOf = (all: readonly { readonly share?: number | undefined }[]) =>
  all.reduce((sum, { share = 100 }) => sum + share, 0);

const schema = z.record(z.string(), versions);

/**
 * Every mistake, a line each: where it is, what was found, and what was expected.
 * @param areAll whether each service of the table has to have workloads
 */
export function workloadProblems(
  { services }: Pick<Application, "services">,
  made: Workloads,
  areAll: boolean,
): readonly string[] {
  const expected = `one of the table's services: ${Object.keys(services).join(", ")}`;
  const unknown = Object.keys(made).filter((service) => !Object.hasOwn(services, service));
  const missing = Object.keys(services).filter((service) => !Object.hasOwn(made, service));
  const known = Object.fromEntries(
    Object.entries(made).filter(([service]) => !unknown.includes(service)),
  );
  const { error } = schema.safeParse(known);
  // Any variable may be a password.
  const isVariable = (path: readonly PropertyKey[]) => path[2] === "environment" && path.length > 3;
  return [
    ...unknown.map((service) => `${service}: found workloads, expected ${expected}`),
    ...(areAll ? missing : []).map(
      (service) =>
        `${service}: found nothing, expected the workloads of this service of the table (if others make its objects: docs/workloads.md, "As they are")`,
    ),
    ...(error === undefined ? [] : describeInCode(error, known, isVariable)),
  ];
}
