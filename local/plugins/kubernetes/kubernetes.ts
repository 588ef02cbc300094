/** The stand-in for Pulumi's kubernetes plug-in: objects by server-side apply, releases by Helm, and YAML. */
import type { Component, Plugin, ResourceType } from "../shared/plugin";
import { sdkVersion } from "../shared/version";
import { Cluster } from "./cluster";
import { chart } from "./helm/chart";
import { release } from "./helm/release";
import { kindOf } from "./kinds";
import { objectType } from "./objects";
import { configFile, configGroup } from "./yaml/components";
import { replacesCluster, settingsOf } from "./settings";

export const kubernetes: Plugin<Cluster> = {
  name: "kubernetes",
  version: sdkVersion("kubernetes"),
  replacesProvider: replacesCluster,
  connect: (config) => Promise.resolve(config).then((given) => new Cluster(settingsOf(given))),
  resourceType,
  component: (token) => components[token],
};

const components: Readonly<Record<string, Component<Cluster> | undefined>> = {
  "kubernetes:helm.sh/v4:Chart": chart,
  "kubernetes:yaml/v2:ConfigGroup": configGroup,
  "kubernetes:yaml/v2:ConfigFile": configFile,
};

function resourceType(token: string): ResourceType<Cluster> | undefined {
  if (token === "kubernetes:helm.sh/v3:Release") return release;
  const kind = kindOf(token);
  return kind === undefined ? undefined : objectType(kind);
}
