/** Keeps the secrets of a stack's file out of what is said of it. */
import { parse } from "yaml";
import { secretSettings } from "../../components/settings";
import { secret } from "./plan";

/** Every secret that stands in the settings as it is, and those inside a kubeconfig. */
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
    // The settings' own check says so.
    return undefined;
  }
}

function fieldsNamed(names: ReadonlySet<string>, value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) =>
    names.has(key) && typeof field === "string" ? [field] : fieldsNamed(names, field),
  );
}

/** Puts a mark where a text has one of the secrets, as it is or as JSON writes it. */
export function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .filter((form) => form !== "")
    // A secret may be the beginning of another.
    .sort((one, other) => other.length - one.length)
    .map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  if (forms.length === 0) return (text) => text;
  const any = new RegExp(forms.join("|"), "g");
  return (text) => text.replaceAll(any, secret);
}
