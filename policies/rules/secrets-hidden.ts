import { z } from "zod";
import { at, entries, isFields, isKind, objectName, show } from "../reading";
import { type Resource, unknown } from "../resource";
import { type Finding, type MadeOf, stackRule } from "../rule";
import { containersOf, workloadOf } from "../workloads";

const settings = z.object({
  allowed: z
    .array(z.string())
    .default([])
    .describe("Names of keys and variables that hold no secret, although their names suggest one"),
  secretTypes: z
    .array(z.string())
    .default([
      "auth0:index/clientCredentials:ClientCredentials",
      "random:index/randomPassword:RandomPassword",
    ])
    .describe("Resources whose outputs are secrets"),
  secretOutputs: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe("By a resource's type: outputs that have to be marked as secrets"),
});

type Settings = z.infer<typeof settings>;

/** https://www.pulumi.com/docs/iac/concepts/secrets/ */
export const secretsHidden = stackRule({
  name: "secrets-hidden",
  description: "Passwords, keys and tokens are in Secrets and in secret outputs only.",
  severity: "critical",
  remediation:
    "Put the value into a Secret, and name it by secretKeyRef or a mounted file; mark a resource's secret outputs by additionalSecretOutputs.",
  settings,
  judgeAll(resources, settings, madeOf) {
    return resources.flatMap((resource) =>
      [
        ...ofConfigMap(resource, settings, madeOf),
        ...ofPods(resource, settings),
        ...ofOutputs(resource, settings),
      ].map((finding) => ({ ...finding, resource })),
    );
  },
});

/**
 * Names whose last word says that the value is a secret. A name that ends in file, name or url says where the secret
 * is.
 */
const secretName =
  /(^|[-_.a-z])(password|passwd|passphrase|secret|token|private[-_.]?key|api[-_.]?key|credentials?)$/i;
/** Text that contains a secret: a private key, or a setting with a value. */
const secretText =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|(^|[\s"'{,;])(\w*password|client_?secret|cookie_?secret|requirepass)["']?\s*[:= ]\s*["']?[^\s"'${<]{4,}/i;

const isNamed = (name: string, { allowed }: Settings) =>
  secretName.test(name) && !allowed.includes(name);

function ofConfigMap(resource: Resource, settings: Settings, madeOf: MadeOf): Finding[] {
  if (!isKind(resource, "core", "ConfigMap")) return [];
  const title = `ConfigMap ${objectName(resource)}`;
  const write = "it in a Secret";
  return ["data", "binaryData"].flatMap((list) => {
    const fields = at(resource.inputs, list);
    const sources = madeOf(resource, list).filter(({ type }) =>
      settings.secretTypes.includes(type),
    );
    const keys = Object.entries(isFields(fields) ? fields : {})
      .filter(([name, value]) => {
        const isText = typeof value === "string" && secretText.test(value);
        return (
          (isNamed(name, settings) && value !== "") || (isText && !settings.allowed.includes(name))
        );
      })
      .map(([name]) => ({
        where: `${list}[${show(name)}] of ${title}`,
        found: "holds a secret",
        write,
      }));
    return [
      ...keys,
      ...sources.map(({ name, type }) => ({
        where: `${list} of ${title}`,
        found: `is made of ${type.split(":").at(-1) ?? type} ${name}, a secret`,
        write,
      })),
    ];
  });
}

function ofPods(resource: Resource, settings: Settings): Finding[] {
  const workload = workloadOf(resource);
  if (workload === undefined) return [];
  return containersOf(workload).flatMap(({ inputs, where }) => {
    const variables = entries(at(inputs, "env")).flatMap((variable): Finding[] => {
      const name = at(variable, "name");
      const value = at(variable, "value");
      if (typeof name !== "string" || !isNamed(name, settings)) return [];
      if (value === undefined || value === "") return [];
      const found = `has ${show(name)} with its value`;
      return [
        { where: `${where}.env of ${workload.title}`, found, write: "valueFrom.secretKeyRef" },
      ];
    });
    const args = ["args", "command"].flatMap((list) =>
      entries(at(inputs, list)).flatMap((arg): Finding[] => {
        const [, name = "", value = ""] =
          /^--?([\w-]+)[= ]([\s\S]+)$/.exec(String(argument(arg))) ?? [];
        // $(NAME) is a variable, which may come from a Secret.
        if (!isNamed(name, settings) || value.startsWith("$(")) return [];
        const found = `has --${name} with its value`;
        return [
          {
            where: `${where}.${list} of ${workload.title}`,
            found,
            write: `--${name}-file, or a variable of a Secret`,
          },
        ];
      }),
    );
    return [...variables, ...args];
  });
}

const argument = (arg: unknown) => (arg === unknown ? "" : arg);

/** A client that may read the state, or the stack's outputs, reads what is not marked. */
function ofOutputs({ type, name, options }: Resource, { secretOutputs }: Settings): Finding[] {
  const marked = options.additionalSecretOutputs;
  return (secretOutputs[type] ?? [])
    .filter((output) => !marked.includes(output))
    .map((output) => ({
      where: `output ${output} of ${type.split(":").at(-1) ?? type} ${name}`,
      found: "is no secret",
      write: `additionalSecretOutputs: ${show([output])}`,
    }));
}
