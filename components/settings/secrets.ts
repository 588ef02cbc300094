/** The settings whose values no message may show; `[]` means any entry of a list. */
export const secretSettings: ReadonlySet<string> = new Set([
  "cluster.kubeconfig",
  "cluster.token",
  "identity.client.secret",
  "identity.clientSecret",
  "identity.machines[].clientSecret",
  "identity.users[].password",
]);

/** Whether a value that is not an object may be a secret: it is one, or it is in the place of an object with one. */
export function mayBeSecret(setting: string): boolean {
  return (
    !setting.includes(".") ||
    [...secretSettings].some(
      (secret) =>
        secret === setting || secret.startsWith(`${setting}.`) || secret.startsWith(`${setting}[]`),
    )
  );
}
