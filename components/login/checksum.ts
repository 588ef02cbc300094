import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";

/** What pods read at their start only. */
export type Files = Readonly<Record<string, pulumi.Input<string>>>;

/**
 * The annotation that starts pods anew when their files change. It tells nothing of them only where a value among
 * them cannot be guessed, such as a generated one.
 */
export function checksumOf(...files: readonly Files[]): Record<string, pulumi.Output<string>> {
  const hash = (all: unknown) => createHash("sha256").update(JSON.stringify(all)).digest("hex");
  return { "checksum/files": pulumi.unsecret(pulumi.output(files).apply(hash)) };
}
