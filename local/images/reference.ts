/**
 * The full name of an image, as containerd keeps it: a pod's `web` is `docker.io/library/web:latest`.
 * @param reference the name as a pod has it
 */
export function fullName(reference: string): string {
  const [name = "", digest] = reference.split("@");
  const [first = "", ...below] = name.split("/");
  // The first part is a registry if it cannot be a folder at Docker's.
  const hasRegistry = below.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = below.length > 0 ? name : `library/${name}`;
  const located = hasRegistry ? name : `docker.io/${path}`;
  const hasTag = /:[^/]+$/.test(located);
  // With a digest, a tag says nothing.
  if (digest !== undefined) return `${located.replace(/:[^/]+$/, "")}@${digest}`;
  return hasTag ? located : `${located}:latest`;
}
