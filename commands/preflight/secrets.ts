/** Secrets that are known to this process, so that no line shows one, whoever repeats it. */
export class Secrets {
  private readonly values = new Set<string>();

  /** Shorter texts are found in ordinary words. */
  private static readonly shortest = 6;

  add(value: string): void {
    if (value.trim().length >= Secrets.shortest) this.values.add(value.trim());
  }

  /** The text with a mark in place of every secret in it. */
  hide(text: string): string {
    // The longest first: one may be part of another.
    return [...this.values]
      .sort((one, other) => other.length - one.length)
      .reduce((hidden, value) => hidden.replaceAll(value, "(not shown)"), text);
  }
}
