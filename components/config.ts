import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Application } from "./application";
import { secretSettings, type Settings, settingsSchema } from "./settings";

export type {
  AuthenticationSettings,
  BookinfoSettings,
  ClusterSettings,
  GatewaySettings,
  IdentitySettings,
  IstioSettings,
  LoginSettings,
  MeshSettings,
  Settings,
  TlsSettings,
} from "./settings";

/**
 * Reads the stack's configuration, checks all of it and fills in the defaults.
 *
 * @param application its users and machines hold roles and permissions of the application's table
 *
 * Secrets come back as secret outputs, so nothing that is made of them is ever shown.
 *
 * @throws pulumi.RunError naming every problem at once: the key, what was found, what was expected
 */
export function loadSettings(application: Application): Settings {
  const found = readSections();
  const { data, error } = settingsSchema(application).safeParse(found);
  if (data !== undefined) return data;
  throw new pulumi.RunError(settingsComplaint(pulumi.getStack(), describeIssues(error, found)));
}

/** Every problem of a stack's settings, a line each, without loading them: `gateway.url: found …, expected …`. */
export function settingsProblems(
  application: Application,
  found: Readonly<Record<string, unknown>>,
): string[] {
  const { error } = settingsSchema(application).safeParse(found);
  return error === undefined ? [] : describeIssues(error, found);
}

/** What is said of a stack whose settings have problems. */
export function settingsComplaint(stack: string, problems: readonly string[]): string {
  return [
    `The configuration of stack ${stack} is wrong (Pulumi.yaml describes every setting):`,
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}

/** Every key of the project's own namespace. Pulumi hands an object over as JSON. */
function readSections(): Record<string, unknown> {
  const prefix = `${pulumi.getProject()}:`;
  // Not getObject: it quotes the whole value, secrets and all, where that is no JSON.
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), parseSection(value)]),
  );
}

function parseSection(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function describeIssues(error: z.ZodError, found: unknown): string[] {
  // Two checks on one value may expect the same.
  return [...new Set(error.issues.flatMap((issue) => describeIssue(issue, found)))];
}

/** One line per problem: most issues are one, an object's unknown keys are one each. */
function describeIssue(issue: z.core.$ZodIssue, settings: unknown): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map(
      (key) => `${pathOf([...issue.path, key])}: found an unknown key, expected ${issue.message}`,
    );
  const path = pathOf(issue.path);
  return [
    `${path}: found ${describe(valueAt(settings, issue.path), path)}, expected ${issue.message}`,
  ];
}

/** A path as `pulumi config set --path` takes it: `identity.users[0].email`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, key)
        ? (parent as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/** Whether a value that is no object may be a secret: it is one, or it stands where an object with one should be. */
function mayBeSecret(path: string): boolean {
  const setting = path.replace(/\[\d+\]/g, "[]");
  return (
    !path.includes(".") ||
    [...secretSettings].some((secret) => secret === setting || secret.startsWith(`${setting}.`))
  );
}

/** What was found, in a few words that give no secret away. */
function describe(value: unknown, path: string): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object")
    return `an object with ${Object.keys(value).join(", ") || "no key"}`;
  if (value === "") return "empty text";
  if (mayBeSecret(path)) return `a ${typeof value} (not shown)`;
  if (typeof value !== "string") return JSON.stringify(value);
  // A kubeconfig where its path should be.
  if (value.startsWith("{")) return "text in braces (not shown)";
  if (value.includes("\n")) return `text of ${value.split("\n").length} lines`;
  // A URL may carry a password.
  return JSON.stringify(value.replace(/\/\/.*@/, "//…@"));
}
