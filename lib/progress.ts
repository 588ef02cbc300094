import { columnLine, filled } from "./columns";

/** Tells how far a command has come: one line for each thing done, with the time since the command began. */
export class Progress {
  readonly #began = performance.now();

  /** @param write takes one line; default: standard error, so that standard output has results only */
  constructor(private readonly write: (line: string) => void = console.error) {}

  /** Says what was just done, or what begins now and takes long. */
  say(part: string, text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1);
    this.write(columnLine([`${filled(seconds, 7, "right")} s`, part, text], [9, 9]));
  }

  /** A function that reports the steps of one part. */
  of(part: string): (text: string) => void {
    return (text) => {
      this.say(part, text);
    };
  }
}

/** A duration as people say it: `0.4 s`, `12 s`, `3 min 20 s`. */
export function duration(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100) / 10;
  if (tenths < 10) return `${tenths.toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
