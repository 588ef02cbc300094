import * as pulumi from "@pulumi/pulumi";
import { guide } from "../lib/clone";
import { tableComplaint } from "./access/problems";
import type { Application, OwnSections } from "./application";
import { sectionOf } from "./sections";
import { settingsSchema, type SettingsOf } from "./settings";
import type { PlainValues } from "./settings/plain";
import { describeIssues } from "./settings/problems";

export type {
  AuthenticationSettings,
  ClusterSettings,
  CorsSettings,
  GatewaySettings,
  IdentitySettings,
  IstioSettings,
  LoginSettings,
  MeshSettings,
  Settings,
  TlsSettings,
} from "./settings";

/**
 * Reads the stack's configuration, checks all of it and the application's table, and fills in the defaults.
 *
 * @param application its table has the roles and permissions of the users and machines; it may have sections of its own
 *
 * Secrets are returned as secret outputs, so that nothing made from them is ever shown.
 *
 * @throws pulumi.RunError naming every problem at once: where it is, what was found, what was expected
 */
export function loadSettings<Own extends OwnSections>(
  application: Application<Own>,
): SettingsOf<Own> {
  const found = readSections();
  const complaint = tableComplaint(application);
  const { success, data, error } = settingsSchema(application).safeParse(found);
  if (success && complaint === undefined) return data;
  const problems = error === undefined ? [] : describeIssues(error, found, new Map());
  throw new pulumi.RunError(
    [
      ...(complaint === undefined ? [] : [complaint]),
      ...(problems.length === 0 ? [] : [settingsComplaint(pulumi.getStack(), problems)]),
    ].join("\n"),
  );
}

/**
 * Every problem of a stack's settings, one line each, without loading them: `gateway.url: found …, expected …`.
 * @param plain values without quotes, as they are written, which YAML reads as something other than text; default:
 *   unknown
 */
export function settingsProblems(
  application: Application,
  found: Readonly<Record<string, unknown>>,
  plain: PlainValues = new Map(),
): string[] {
  const { error } = settingsSchema(application).safeParse(found);
  return error === undefined ? [] : describeIssues(error, found, plain);
}

/** The message for a stack whose settings have problems. */
export function settingsComplaint(stack: string, problems: readonly string[]): string {
  return [
    `The configuration of stack ${stack} is wrong (${guide("docs/settings.md")} describes every setting):`,
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}

/** Every key in the project's own namespace. Pulumi passes an object as JSON. */
function readSections(): Record<string, unknown> {
  const prefix = `${pulumi.getProject()}:`;
  // Not getObject: its error quotes the whole value, including secrets, if that is not JSON.
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), sectionOf(value)]),
  );
}
