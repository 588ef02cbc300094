/** The secrets that a stack's file has in plain text. */
import { parse } from "yaml";
import { secretSettings } from "../../components/settings";

/** Every secret in plain text in the settings, and those in a kubeconfig. */
export function secretsIn(value: unknown, setting = ""): string[] {
  if (secretSettings.has(setting)) {
    const inside = setting === "cluster.kubeconfig" ? credentialsOf(value) : [];
    return [...(typeof value === "string" ? [value] : []), ...inside];
  }
  if (Array.isArray(value)) return value.flatMap((entry) => secretsIn(entry, `${setting}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    secretsIn(field, setting === "" ? key : `${setting}.${key}`),
  );
}

const credentials: ReadonlySet<string> = new Set(["token", "password", "client-key-data"]);

function credentialsOf(kubeconfig: unknown): string[] {
  return typeof kubeconfig === "string" ? fieldsNamed(credentials, parsed(kubeconfig)) : [];
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // The settings' own check reports that.
    return undefined;
  }
}

function fieldsNamed(names: ReadonlySet<string>, value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    names.has(key) && typeof field === "string" ? [field] : fieldsNamed(names, field),
  );
}
