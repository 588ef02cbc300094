export type Scalar = string | number | bigint | boolean | null;

/** A value that YAML reads from text without quotes, such as a number. */
export interface Plain {
  /** As it is written: `1.30`. */
  readonly written: string;
  /** What Pulumi makes of it; a bigint where a number would lose digits, a text of a date. */
  readonly value: Scalar;
  /** Whether it is an option's, `--set`, and not the stack's file's. Default: the file's. */
  readonly option?: true;
}

/** By path, as `pulumi config set --path` takes it: `istio.version`. */
export type PlainValues = ReadonlyMap<string, Plain>;

/** Whether a text is a date as Go writes it: Pulumi makes this of a date without quotes. */
export const isDate = (value: unknown): boolean =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} \S+$/.test(value);
