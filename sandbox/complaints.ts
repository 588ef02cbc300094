/** What the engine complains of, as a person is told it. */
import type { DiagnosticEvent } from "@pulumi/pulumi/automation";

/** The name of a resource that is read because a setting names it: the setting's own, such as gateway.tls.secret. */
const settingName = /^[a-z]\w*(\.\w+)+$/;

/** The error that the engine reports, if it is one; the setting is before it where it is about what a setting names. */
export function complaintIn(
  event: Pick<DiagnosticEvent, "message" | "severity" | "urn"> | undefined,
): string | undefined {
  const message = event?.message.trim();
  // The engine ends every failure with this; it says nothing of its own.
  if (event?.severity !== "error" || !message || message === "update failed") return undefined;
  const name = event.urn?.split("::").at(-1) ?? "";
  const conflict = conflictIn(message);
  if (conflict !== undefined) return `${kindOf(event.urn)} ${name}: ${conflict}`;
  return settingName.test(name) ? `${name}: ${message}` : message;
}

/** The kind of the object that a URN such as `urn:pulumi:sandbox::istio-auth0::kubernetes:apps/v1:Deployment::web` names. */
const kindOf = (urn = "") => urn.split("::").at(-2)?.split(":").at(-1) ?? "";

/** What a person is told where another manager owns a field that an update would change; undefined of anything else. */
function conflictIn(message: string): string | undefined {
  // The API's own words, which the plug-in passes on: a manager, and the fields that it owns.
  const owned = /had an apply conflict: Apply failed with \d+ conflicts?: (.*)$/s.exec(
    message,
  )?.[1];
  if (owned === undefined) return undefined;
  const line = owned.replaceAll(/\s+/g, " ").trim();
  return `others own what the stack sets, ${line}: change it back as it was changed, or take it over by the same command with PULUMI_K8S_ENABLE_PATCH_FORCE=true in its environment`;
}
