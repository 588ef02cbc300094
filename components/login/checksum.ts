import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** What pods read only at their start. */
export type Files = Readonly<Record<string, pulumi.Input<string>>>;

/**
 * The annotation that restarts pods when their files change. It reveals nothing about the files only if they contain a
 * value that cannot be guessed, such as a generated one.
 */
export function checksumOf(...files: readonly Files[]): Record<string, pulumi.Output<string>> {
  const hash = (all: unknown) => createHash("sha256").update(JSON.stringify(all)).digest("hex");
  return { "checksum/files": pulumi.unsecret(pulumi.output(files).apply(hash)) };
}
