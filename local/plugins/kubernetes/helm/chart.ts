/** The objects of a chart as resources of their own: kubernetes:helm.sh/v4:Chart. */
import { inputFailures, type InputRule, textAt, withoutNulls } from "../../shared/inputs";
import type { Component } from "../../shared/plugin";
import { asProperties, type Properties } from "../../shared/values";
import type { Cluster } from "../cluster";
import { optionsOf } from "../yaml/components";
import { objectsIn } from "../yaml/documents";
import { childrenOf } from "../yaml/objects";
import { optional } from "./arguments";
import { helm, HelmError } from "./command";

const rules: Readonly<Record<string, InputRule>> = {
  chart: { kind: "string", required: true },
  dependencyUpdate: { kind: "boolean" },
  devel: { kind: "boolean" },
  name: { kind: "string" },
  namespace: { kind: "string" },
  repositoryOpts: { kind: "properties" },
  resourcePrefix: { kind: "string" },
  skipAwait: { kind: "boolean" },
  skipCrds: { kind: "boolean" },
  values: { kind: "properties" },
  version: { kind: "string" },
};

export const chart: Component<Cluster> = {
  async children(given, name, { settings }, signal) {
    const inputs = withoutNulls(given);
    const failures = inputFailures(inputs, rules, "kubernetes");
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    const title = `the chart ${textAt(inputs, "chart")}`;
    const { namespace } = inputs;
    const place =
      typeof namespace === "string" && namespace !== "" ? namespace : settings.namespace;
    const rendered = await helm(settings, {
      words: templateWords(inputs, name),
      namespace: place,
      input: JSON.stringify(inputs.values ?? {}),
      signal,
    }).catch((error: unknown) => {
      if (!(error instanceof HelmError)) throw error;
      throw new Error(`${title}: ${error.message}`);
    });
    const objects = objectsIn(rendered, title);
    // As with a pattern that fits no file.
    if (objects.length === 0)
      throw new Error(
        `${title} renders no object with these values: correct them, or leave it out`,
      );
    return childrenOf(objects, optionsOf(inputs, name, place));
  },
};

/** The words of Helm's command line that print the chart's objects. Hooks are Helm's own, as in the official plug-in. */
function templateWords(inputs: Properties, name: string): string[] {
  const { name: given, repositoryOpts, version, skipCrds, dependencyUpdate, devel } = inputs;
  return [
    "template",
    typeof given === "string" && given !== "" ? given : name,
    textAt(inputs, "chart"),
    "--no-hooks",
    ...["--values", "-"],
    ...(skipCrds === true ? ["--skip-crds"] : ["--include-crds"]),
    ...(dependencyUpdate === true ? ["--dependency-update"] : []),
    ...(devel === true ? ["--devel"] : []),
    ...optional("--repo", asProperties(repositoryOpts).repo),
    ...optional("--version", version),
  ];
}
