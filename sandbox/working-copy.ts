/** Pulumi's own copy of the stack's configuration, with the secrets that an earlier run encrypted. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { readIfThere } from "../lib/files";
import { type Layout } from "./layout";
import { stackName } from "../commands/stack/project";
import { parseStackFile, stackFileName } from "../commands/stack/stack-file";
import { set, settingsOf, take, type Configuration } from "./setting-paths";

const fileName = stackFileName(stackName);

export const workingCopy = (layout: Layout) => join(layout.pulumi, fileName);

/** The addresses of the last run, each only if there was one. */
export function knownAddresses(layout: Layout): { gateway?: string; tenant?: string } {
  const text = readIfThere(workingCopy(layout));
  if (text === undefined) return {};
  const { project } = layout;
  const { config } = parseStackFile(text, fileName, project.name);
  const { gateway, identity } = settingsOf({ project, config });
  const { url } = z.object({ url: z.string() }).parse(gateway);
  const { domain, issuer } = z
    .object({ domain: z.string().optional(), issuer: z.string().optional() })
    .parse(identity);
  return { gateway: url, tenant: issuer ?? `https://${domain}/` };
}

const salted = z.object({ encryptionsalt: z.string() });

const secure = z.strictObject({ secure: z.string() });

/** What an earlier run encrypted: each secret's ciphertext by its path, and what is needed to decrypt them. */
export interface Encrypted {
  readonly encryptionsalt: string;
  readonly secrets: Readonly<Record<string, z.infer<typeof secure>>>;
}

/**
 * What an earlier run encrypted in the working copy: all that this configuration's identity needs, or nothing. If
 * anything else under `identity` has changed, an entry of a list may have been another user's.
 */
export function encryptedParts(
  workingCopy: string | undefined,
  configuration: Configuration,
  paths: readonly string[],
): Encrypted | undefined {
  const { project } = configuration;
  const { config, rest } = parseStackFile(workingCopy ?? "", fileName, project.name);
  const { data } = salted.safeParse(rest);
  if (data === undefined) return undefined;
  const { encryptionsalt } = data;
  const secrets = Object.fromEntries(
    paths.flatMap((path) => {
      const found = secure.safeParse(take({ project, config }, path));
      return found.success ? [[path, found.data]] : [];
    }),
  );
  const isComplete = paths.every((path) => path in secrets);
  const identity = `${project.name}:identity`;
  const isCounted = paths.some((path) => path.includes("["));
  const isSame = isDeepStrictEqual(config[identity], configuration.config[identity]);
  return isComplete && (isSame || !isCounted) ? { encryptionsalt, secrets } : undefined;
}

/** The configuration with those parts. */
export function withEncrypted(
  configuration: Configuration,
  parts: Encrypted | undefined,
): Configuration {
  if (parts === undefined) return configuration;
  const whole = { ...configuration, config: structuredClone(configuration.config) };
  for (const [path, secret] of Object.entries(parts.secrets)) set(whole, path, secret);
  return { ...whole, rest: { ...whole.rest, encryptionsalt: parts.encryptionsalt } };
}
