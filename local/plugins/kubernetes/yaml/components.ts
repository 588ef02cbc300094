/** Components that make objects of YAML: kubernetes:yaml/v2:ConfigGroup and ConfigFile. */
import type { Component } from "../../shared/plugin";
import type { Properties } from "../../shared/values";
import type { Cluster } from "../cluster";
import { objectsIn, objectsInFiles } from "./documents";
import { childrenOf, type ChildrenOptions } from "./objects";

export const configGroup: Component<Cluster> = {
  children(inputs, name, { settings }) {
    const { files, yaml, objs } = inputs;
    const objects = [
      ...objectsInFiles(textsOf(files)),
      ...textsOf(yaml).flatMap((text) => objectsIn(text, `${name}.yaml`)),
      ...(objs === undefined
        ? []
        : objectsIn(JSON.stringify({ kind: "List", items: objs }), `${name}.objs`)),
    ];
    return Promise.resolve(childrenOf(objects, optionsOf(inputs, name, settings.namespace)));
  },
};

export const configFile: Component<Cluster> = {
  children(inputs, name, { settings }) {
    const objects = objectsInFiles(textsOf(inputs.file));
    return Promise.resolve(childrenOf(objects, optionsOf(inputs, name, settings.namespace)));
  },
};

/** @param namespace that objects without one get */
export function optionsOf(
  { resourcePrefix, skipAwait }: Properties,
  name: string,
  namespace: string,
): ChildrenOptions {
  return {
    prefix: typeof resourcePrefix === "string" ? resourcePrefix : name,
    skipAwait: skipAwait === true,
    namespace,
  };
}

const textsOf = (value: unknown): readonly string[] =>
  [value].flat().filter((each) => typeof each === "string");
