import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = z.object({ version: z.string() });

/** The version of an installed Pulumi SDK, such as that of `random`; its plug-in has the same version. */
export function sdkVersion(name: string): string {
  const path = require.resolve(`@pulumi/${name}/package.json`);
  return manifest.parse(JSON.parse(readFileSync(path, "utf8"))).version;
}
