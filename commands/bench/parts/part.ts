import type { Measure } from "../measure";
import type { BenchSandbox } from "../sandbox";

/** The arguments of every part. */
export interface Context {
  readonly sandbox: BenchSandbox;
  /** How often each measure is repeated. */
  readonly repeat: number;
  /** A private folder for files of the bench, which is removed at the end. */
  readonly folder: string;
}

/** The results of a part, before they are judged. */
export interface Found {
  readonly measures: readonly Measure[];
  /** How to read the numbers; printed below the table. */
  readonly notes: readonly string[];
}
