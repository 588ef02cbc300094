/**
 * The first change that a summary of the engine counts, if any: `3 to update`, `1 created`.
 * @param said what `pulumi up` or `pulumi preview` printed, without colours
 */
export function changeIn(said: string): string | undefined {
  const [, resources = ""] = said.split(/^Resources:$/m);
  return /\b\d+ (?:to \w+|created|updated|deleted|replaced|changed)\b/.exec(resources)?.[0];
}
