/** One line that tells how far a command is: on a terminal it is written anew, elsewhere it is written once. */
export class ProgressLine {
  readonly #terminal = process.stderr.isTTY;

  constructor(private readonly what: string) {
    process.stderr.write(`${what} …${this.#terminal ? "" : "\n"}`);
  }

  update(text: string): void {
    if (this.#terminal) process.stderr.write(`\r\u001b[K${this.what} … ${text}`);
  }

  /** Says something that stays. */
  say(text: string): void {
    process.stderr.write(this.#terminal ? `\r\u001b[K${text}\n${this.what} …` : `${text}\n`);
  }

  /** Leaves the terminal's line empty. */
  end(): void {
    if (this.#terminal) process.stderr.write("\r\u001b[K");
  }
}
