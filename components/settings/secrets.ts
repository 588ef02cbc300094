/** The settings whose values no message may show; `[]` stands for any entry of a list. */
export const secretSettings: ReadonlySet<string> = new Set([
  "cluster.kubeconfig",
  "cluster.token",
  "identity.client.secret",
  "identity.clientSecret",
  "identity.machines[].clientSecret",
  "identity.users[].password",
]);

/** Whether a value that is no object may be a secret: it is one, or it stands where an object with one should be. */
export function mayBeSecret(setting: string): boolean {
  return (
    !setting.includes(".") ||
    [...secretSettings].some(
      (secret) =>
        secret === setting || secret.startsWith(`${setting}.`) || secret.startsWith(`${setting}[]`),
    )
  );
}
