/** The engine's errors and warnings, as messages for the user. */
import type { DiagnosticEvent } from "@pulumi/pulumi/automation";
import { messageOf } from "../lib/errors";

/**
 * The name of a resource that is read because a setting names it: the name of that setting, such as gateway.tls.secret.
 */
const settingName = /^[a-z]\w*(\.\w+)+$/;

/**
 * The error in an event of the engine, if it is one; if it is about a resource that a setting names, the setting comes
 * first.
 */
export function complaintIn(
  event: Pick<DiagnosticEvent, "message" | "severity" | "urn"> | undefined,
): string | undefined {
  const message = event?.message.trim();
  // The engine ends every failure with this message, which adds nothing.
  if (event?.severity !== "error" || !message || message === "update failed") return undefined;
  const name = nameOf(event.urn);
  const conflict = conflictIn(message);
  if (conflict !== undefined) return `${kindOf(event.urn)} ${name}: ${conflict}`;
  return settingName.test(name) ? `${name}: ${message}` : message;
}

/** The signal that has ended the engine, in the error of its command; undefined where it has ended by itself. */
export const signalIn = (error: unknown): string | undefined =>
  /was killed with (SIG[A-Z]+)/.exec(messageOf(error))?.[1];

/** How the engine begins its warning about a resource that is there and not ready; a line for each reason follows. */
const unhealthy = "Refreshed resource is in an unhealthy state:\n";

/** The warning in an event of the engine, if it is one: the program's own, those of its plug-ins, and the engine's. */
export function warningIn(
  event: Pick<DiagnosticEvent, "message" | "severity" | "urn"> | undefined,
): string | undefined {
  const message = event?.message.trim();
  if (event?.severity !== "warning" || !message) return undefined;
  if (!message.startsWith(unhealthy)) return message;
  const reasons = message.slice(unhealthy.length).split("\n");
  const why = reasons.map((line) => line.replace(bullet, "")).join("; ");
  return `${kindOf(event.urn)} ${nameOf(event.urn)} is not ready: ${why}`;
}

/** The kind of the object in a URN such as `urn:pulumi:sandbox::istio-auth0::kubernetes:apps/v1:Deployment::web`. */
const kindOf = (urn = "") => urn.split("::").at(-2)?.split(":").at(-1) ?? "";

const nameOf = (urn = "") => urn.split("::").at(-1) ?? "";

/** The message if another manager owns a field that an update would change; undefined for any other error. */
function conflictIn(message: string): string | undefined {
  // The API's own message, which the plug-in passes on: a manager, and the fields that it owns.
  const owned = /had an apply conflict: Apply failed with \d+ conflicts?: (.*)$/s.exec(
    message,
  )?.[1];
  if (owned === undefined) return undefined;
  const line = owned.replaceAll(/\s+/g, " ").trim();
  return `others own what the stack sets, ${line}: change it back as it was changed, or take it over by the same command with PULUMI_K8S_ENABLE_PATCH_FORCE=true in its environment`;
}

/** How many lines of a message follow; and the beginning of each. */
const heading = /^\d+ errors? occurred:$/;
const bullet = /^\s*\* /;

/**
 * The engine's message, with why pods do not start; the state that the stand-in of its plug-in gives them is left out.
 * @param reasons as of the sandbox: each begins with the pod's namespace and name
 */
export function withReasons(message: string, reasons: readonly string[]): string {
  if (reasons.length === 0) return message;
  const states = reasons.map((reason) => `pod ${/^[^/]*\/(\S+) /.exec(reason)?.[1] ?? ""}: `);
  const others = message
    .split("\n")
    .map((line) => line.replace(bullet, ""))
    .filter((line) => !heading.test(line) && !states.some((state) => line.startsWith(state)));
  return [...others, ...reasons].join("\n");
}
