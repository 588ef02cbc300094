/**
 * One line that says how far a command is. On a terminal it is rewritten in place; elsewhere each text is written once.
 */
export class ProgressLine {
  readonly #terminal = process.stderr.isTTY;

  constructor(private readonly what: string) {
    process.stderr.write(`${what} …${this.#terminal ? "" : "\n"}`);
  }

  update(text: string): void {
    if (this.#terminal) process.stderr.write(`\r\u001b[K${this.what} … ${text}`);
  }

  /** Prints a line that stays. */
  say(text: string): void {
    process.stderr.write(this.#terminal ? `\r\u001b[K${text}\n${this.what} …` : `${text}\n`);
  }

  /** Clears the terminal's line. */
  end(): void {
    if (this.#terminal) process.stderr.write("\r\u001b[K");
  }
}
