/** The arguments of a Helm release: those of Pulumi's resource, and Helm's flags for them. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { inputFailures, type InputRule, textAt, unsupported } from "../../shared/inputs";
import type { CheckFailure } from "../../shared/plugin";
import { asProperties, type Properties, unknown } from "../../shared/values";

/** As long as the official plug-in waits. */
const defaultTimeoutSeconds = 300;

const rules: Readonly<Record<string, InputRule>> = {
  atomic: { kind: "boolean" },
  chart: { kind: "string", required: true },
  cleanupOnFail: { kind: "boolean" },
  // The SDK's own mark of how it writes a release's inputs.
  compat: { kind: "string" },
  createNamespace: { kind: "boolean" },
  dependencyUpdate: { kind: "boolean" },
  description: { kind: "string" },
  devel: { kind: "boolean" },
  disableOpenapiValidation: { kind: "boolean" },
  disableWebhooks: { kind: "boolean" },
  forceUpdate: { kind: "boolean" },
  maxHistory: { kind: "integer" },
  name: { kind: "string" },
  namespace: { kind: "string" },
  repositoryOpts: { kind: "properties" },
  skipAwait: { kind: "boolean" },
  skipCrds: { kind: "boolean" },
  timeout: { kind: "integer" },
  values: { kind: "properties" },
  version: { kind: "string" },
  waitForJobs: { kind: "boolean" },
};

/**
 * The arguments for which Helm's `upgrade --install` has a flag. `atomic` and `skipAwait` are not among them: the
 * plug-in waits itself, and rolls back what failed.
 */
const flags: Readonly<Record<string, string>> = {
  cleanupOnFail: "--cleanup-on-fail",
  createNamespace: "--create-namespace",
  dependencyUpdate: "--dependency-update",
  devel: "--devel",
  disableOpenapiValidation: "--disable-openapi-validation",
  disableWebhooks: "--no-hooks",
  forceUpdate: "--force",
  skipCrds: "--skip-crds",
  waitForJobs: "--wait-for-jobs",
};

const chartSchema = z.object({ version: z.string() });

/** What is wrong with a release's inputs. */
export function releaseFailures(inputs: Properties): CheckFailure[] {
  const repository = asProperties(inputs.repositoryOpts);
  const options = Object.keys(repository)
    .filter((name) => name !== "repo")
    .map((name) => unsupported(`repositoryOpts.${name}`, "kubernetes"));
  const folder = chartFolderFailure(inputs);
  return [...inputFailures(inputs, rules, "kubernetes"), ...options, ...folder];
}

/**
 * Identifies the files of a chart in a folder; undefined for any other chart. Its version stays the same while its
 * templates change.
 */
export function chartDigest({ chart }: Properties): string | undefined {
  if (typeof chart !== "string" || chart === unknown || !existsSync(join(chart, "Chart.yaml")))
    return undefined;
  const hash = createHash("sha256");
  for (const file of [...filesOf(chart)].sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(chart, file)}:${content.length}:`).update(content);
  }
  return hash.digest("hex");
}

/** A folder's files, as Helm reads them: with dot files, and what links lead to. The history that Git keeps is left out. */
function filesOf(folder: string, above: readonly string[] = []): readonly string[] {
  const own = realpathSync(folder);
  // A link to a folder above would have no end.
  if (above.includes(own)) return [];
  return readdirSync(folder)
    .filter((name) => name !== ".git")
    .flatMap((name) => {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.isDirectory() === true) return filesOf(path, [...above, own]);
      return found?.isFile() === true ? [path] : [];
    });
}

/** Helm ignores the program's version for a chart in a folder. */
function chartFolderFailure({ chart, version }: Properties): CheckFailure[] {
  if (typeof chart !== "string" || typeof version !== "string" || version === unknown) return [];
  const file = join(chart, "Chart.yaml");
  if (!existsSync(file)) return [];
  const found = chartSchema.parse(parse(readFileSync(file, "utf8"))).version;
  if (found === version) return [];
  const reason = `the chart in ${chart} is of version ${found}, not ${version}`;
  return [{ property: "version", reason }];
}

/** The words of Helm's command line that install or upgrade the release, with these labels. */
export function installWords(
  inputs: Properties,
  name: string,
  labels: Readonly<Record<string, string>>,
): string[] {
  const { version, description, maxHistory, repositoryOpts } = inputs;
  const repository = asProperties(repositoryOpts).repo;
  const words = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return [
    "upgrade",
    name,
    textAt(inputs, "chart"),
    "--install",
    // Values that the release had before are ignored: only the inputs apply.
    "--reset-values",
    "--hide-notes",
    // The objects that it has made.
    ...["--output", "json"],
    ...["--labels", words.join(","), "--timeout", `${timeoutSeconds(inputs)}s`, "--values", "-"],
    // Only Helm's own wait handles jobs.
    ...(inputs.waitForJobs === true ? ["--wait"] : []),
    ...optional("--repo", repository),
    ...optional("--version", version),
    ...optional("--description", description),
    ...optional("--history-max", maxHistory),
    ...Object.entries(flags).flatMap(([input, flag]) => (inputs[input] === true ? [flag] : [])),
  ];
}

/** For how long a release may take, in seconds. */
export function timeoutSeconds({ timeout }: Properties): number {
  return typeof timeout === "number" && timeout > 0 ? timeout : defaultTimeoutSeconds;
}

/** A flag with its value, if there is one. */
export function optional(flag: string, value: unknown): string[] {
  return typeof value === "string" || typeof value === "number" ? [flag, String(value)] : [];
}
