import type { Measure } from "../measure";
import type { BenchSandbox } from "../sandbox";

/** What every part is given. */
export interface Context {
  readonly sandbox: BenchSandbox;
  /** How often each thing is measured. */
  readonly repeat: number;
  /** A folder for files of the bench's own. It is private, and goes in the end. */
  readonly folder: string;
}

/** What a part found, before it is judged. */
export interface Found {
  readonly measures: readonly Measure[];
  /** How to read the numbers; below the table. */
  readonly notes: readonly string[];
}
