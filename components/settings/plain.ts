export type Scalar = string | number | bigint | boolean | null;

/** A value that YAML reads from text without quotes, such as a number. */
export interface Plain {
  /** As it is written in the file: `1.30`. */
  readonly written: string;
  /** What Pulumi reads it as: a bigint if a number would lose digits, a text if it is a date. */
  readonly value: Scalar;
  /** Whether it comes from the option `--set` and not from the stack's file. Default: from the file. */
  readonly option?: true;
}

/** By path, as `pulumi config set --path` takes it: `istio.version`. */
export type PlainValues = ReadonlyMap<string, Plain>;

/** Whether a text is a date as Go prints it: Pulumi reads a date without quotes as such a text. */
export const isDate = (value: unknown): boolean =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} \S+$/.test(value);
