/** Whether a table has the shape of one. The compiler sees that of a table in TypeScript; another may come from JSON. */
import { z } from "zod";
import { unlimited } from "../application";
import { describeInCode } from "../settings/problems";
import { matching, section, text } from "../settings/schema";
import { grpcCodes } from "./proof";
import type { Requirement } from "./requirement";

const allOf = z.strictObject({ allOf: z.array(z.string()).min(1) });
const requirement = z.union([
  z.string(),
  allOf,
  z.strictObject({ anyOf: z.array(z.union([z.string(), allOf])).min(1) }),
]);

/** Whether it has the form of a requirement; its permissions may be unknown ones. */
export const isWellFormed = (found: unknown): found is Requirement =>
  requirement.safeParse(found).success;

export const isListOfNames = (found: unknown): found is readonly string[] =>
  z.array(z.string()).safeParse(found).success;

const names = (what: string) => z.array(z.string(what), `a list of ${what}`);
const path = matching(/^\//, "a path that begins with a slash");

const durationWords = "a duration such as 500ms, 30s or 5m";
const duration = z.string(durationWords).regex(/^[1-9]\d*(ms|s|m|h)$/, durationWords);
const timeoutWords = `${durationWords}, or ${unlimited}`;
const isTimeout = (text: string) => text === unlimited || duration.safeParse(text).success;

const attemptWords = "a whole number from 0 to 10";

const limits = z.strictObject(
  {
    timeout: z.string(timeoutWords).refine(isTimeout, timeoutWords).optional(),
    perTryTimeout: duration.optional(),
    attempts: z.int(attemptWords).min(0, attemptWords).max(10, attemptWords).optional(),
  },
  "limits",
);

const httpStatus = "a status from 200 to 599";
const status = z.union(
  [z.int(httpStatus).min(200, httpStatus).max(599, httpStatus), z.enum(grpcCodes)],
  `${httpStatus}, or a code of gRPC such as OK`,
);

const proven = {
  path: path.optional(),
  proof: z
    .strictObject(
      {
        request: z.string("a method and a path, or a gRPC method"),
        headers: z.record(z.string(), z.string("a header's value"), "headers").optional(),
        body: z.union([z.string(), z.instanceof(Uint8Array)], "what is sent").optional(),
        answers: z
          .union([status, z.array(status).min(1)], "a status, or several in a list")
          .optional(),
      },
      "a request, and what it is answered",
    )
    .optional(),
  onRefusal: z
    .union(
      [
        z.enum(["same status", "unchanged"]),
        z.strictObject({ status, body: z.string().min(1).optional() }),
      ],
      '"same status", "unchanged" or { status, body }',
    )
    .optional(),
};

/**
 * What the sidecar takes for itself; three of them answer anybody.
 * https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
 */
const ofSidecar = [
  15_000, 15_001, 15_002, 15_004, 15_006, 15_008, 15_009, 15_020, 15_021, 15_053, 15_090,
];

const port = z
  .int("a port")
  .min(1, "a port")
  .max(65_535, "a port")
  .refine((number) => !ofSidecar.includes(number), "a port that is not the sidecar's own");

/** Of its protocol, requirements and operations more is said than that they are wrong: see problems.ts. */
const service = section(
  {
    ...proven,
    cors: z.literal("own", "own, or nothing").optional(),
    callers: names("callers"),
    protocol: z.unknown().optional(),
    requires: z.unknown().optional(),
    operations: z.record(z.string(), z.unknown(), "operations by their names").optional(),
    port,
    targetPort: port.optional(),
    serviceAccount: text("the name of its service account"),
    routes: z
      .array(
        z.union(
          [z.strictObject({ exact: path }), z.strictObject({ prefix: path })],
          "a path as exact or prefix",
        ),
        "a list of paths",
      )
      .optional(),
    greeting: z
      .union([z.string(), z.instanceof(Uint8Array)], "what a client sends first")
      .refine(({ length }) => length > 0, "what a client sends first")
      .optional(),
    limits: limits.optional(),
    labels: z.record(z.string(), z.string("a label's value"), "labels by their names").optional(),
    versions: z
      .array(
        section({ name: text("the name of its Service"), part: z.unknown().optional() }),
        "a list",
      )
      .optional(),
    document: z
      .looseObject(
        {
          file: z.string("the document's file"),
          operations: z.record(z.string(), z.unknown(), "the document's operations"),
        },
        "what openApi gives",
      )
      .optional(),
  },
  "a service",
);

const application = section({
  name: text("a name"),
  title: text("its name as users read it"),
  namespace: matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "small letters, digits and hyphens"),
  people: z.boolean("true or false"),
  audience: text("the identifier of an API"),
  home: path,
  permissions: z.record(z.string(), z.string("what it is for"), "permissions by their names"),
  roles: z.record(
    z.string(),
    section(
      { description: z.string("what it is for"), permissions: names("permissions") },
      "a role",
    ),
    "roles by their names",
  ),
  services: z.record(z.string(), service, "services by their names"),
  image: text("an image").optional(),
  settings: z.unknown().optional(),
  requests: z
    .array(
      section(
        {
          ...proven,
          asks: z.record(z.string(), z.string("an operation"), "operations by services").optional(),
          name: z.string("a name"),
          through: names("services").min(1, "at least one service"),
        },
        "a request",
      ),
      "a list of requests",
    )
    .min(1, "at least one request"),
});

/**
 * What is not where, or as, it has to be.
 * @returns a line each, and whether the rows can be read: they can where the mistakes are keys that a table does not have
 */
export function shapeProblems(found: object): {
  readonly lines: readonly string[];
  readonly isReadable: boolean;
} {
  const { error } = application.safeParse(found);
  if (error === undefined) return { lines: [], isReadable: true };
  const isReadable = error.issues.every(({ code }) => code === "unrecognized_keys");
  return { lines: describeInCode(error, found), isReadable };
}
