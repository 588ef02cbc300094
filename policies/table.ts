/** The access table in the pack's configuration: each rule that compares with it gets it. */
import { z } from "zod";
import { at } from "./reading";

/** A provider whose tokens are accepted. */
export const issuerSettings = z.strictObject({
  issuer: z.string().describe("Exactly as its tokens name it"),
  jwksUri: z.string().describe("Where its keys are"),
  audience: z.string().describe("What a token has to be for"),
  permissionsClaim: z
    .array(z.string())
    .default(["permissions"])
    .describe("Where a token holds its permissions: the names from the outermost"),
  spaceDelimited: z
    .boolean()
    .optional()
    .describe("Whether that claim is one text with a word for each permission"),
  clients: z
    .union([z.literal(["any", "listed"]), z.array(z.string())])
    .default("any")
    .describe("Whose tokens count: any client's, those of the stack's own clients, or these"),
});

export type Issuer = z.infer<typeof issuerSettings>;

/** To Istio a `*` in a value is a pattern. */
const permission = z.string().regex(/^[^*]*$/, "a permission without *");

export const rowSettings = z.strictObject({
  callers: z.array(z.string()).describe("Who may call it: service accounts, as namespace/name"),
  requires: z
    .union([permission, z.array(z.array(permission))])
    .describe(
      "What a request must carry: nothing (public), any valid token (signedIn), this permission, or all permissions of one of these lists",
    ),
  methods: z.array(z.string()).optional().describe("The methods that this is about. Default: all"),
  paths: z
    .array(z.string())
    .optional()
    .describe("The paths that this is about, as policies write them. Default: all"),
});

export type Row = z.infer<typeof rowSettings>;

/** The labels of pods. */
export const labelsSettings = z.record(z.string(), z.string());

/** Every service that anybody may reach, by the value of its workload's label app unless `labels` has others. */
export const tableSettings = z.strictObject({
  namespace: z.string().describe("Where the services are"),
  issuers: z.array(issuerSettings),
  services: z
    .record(z.string(), z.union([rowSettings, z.array(rowSettings)]))
    .describe("One row, or several: what no row is about is refused"),
  labels: z
    .record(z.string(), labelsSettings)
    .optional()
    .describe("The labels of each service's pods. Default: its name as the label app"),
  protocols: z
    .record(z.string(), z.enum(["grpc", "tcp"]))
    .optional()
    .describe("The services that are no HTTP. Default: none"),
  ports: z
    .record(z.string(), z.number())
    .optional()
    .describe("The port of each service's Service. Default: any of its Service's"),
  targetPorts: z
    .record(z.string(), z.number())
    .optional()
    .describe("The port that its pods listen on, where that is another. Default: the same"),
  accounts: z
    .record(z.string(), z.string())
    .optional()
    .describe("The service account that each service's pods run as. Default: any of its own"),
});

export type Table = z.infer<typeof tableSettings>;

/** The labels by which the pods of a service of the table are known. */
export const labelsOf = ({ labels = {} }: Pick<Table, "labels">, service: string) =>
  labels[service] ?? { app: service };

/** Whether labels, which may have any form, are those of pods that are known by `wanted`. */
export const hasLabels = (labels: unknown, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => at(labels, name) === value);

/** The services of the table that pods with these labels are of: of several, the policies of each admit requests. */
export function servicesOf(
  table: Pick<Table, "labels" | "services">,
  labels: unknown,
): readonly string[] {
  return Object.keys(table.services).filter((service) =>
    hasLabels(labels, labelsOf(table, service)),
  );
}

/** A service's rows; undefined where the table does not have the service. */
export function rowsOf({ services }: Table, service: unknown): readonly Row[] | undefined {
  if (typeof service !== "string" || !Object.hasOwn(services, service)) return undefined;
  return [services[service] ?? []].flat();
}

/** The permissions that are enough for a row, each list of those that are needed together; none: no permission is. */
export function alternativesOf({ requires }: Row): readonly (readonly string[])[] {
  if (typeof requires !== "string") return requires;
  return ["public", "signedIn"].includes(requires) ? [] : [[requires]];
}

/** The claims whose words Istio separates by itself. */
const alwaysSeparated = ["scope", "permission"];

/** The claims among these whose words Istio separates because a policy says so. */
export const separatedClaims = (claims: readonly unknown[]) =>
  claims.filter((name) => !alwaysSeparated.some((always) => always === name));

/** The form of the principals of its tokens: the issuer, a slash and the subject. */
export const principalsOf = (issuer: string) => `${issuer}/*`;

/** The key of a condition on the permissions of this issuer's tokens. */
export const permissionsKey = ({ permissionsClaim }: Issuer) =>
  `request.auth.claims${permissionsClaim.map((name) => `[${name}]`).join("")}`;
