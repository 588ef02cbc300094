/** Has the real engine ask the policy pack about a program that is not this project's. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { rules } from "../../../../policies/rules";
import { previewProject } from "../../../../commands/preview/engine";
import { partsOf } from "../../../../commands/preview/plan";
import { writePack } from "../../../../commands/preview/policies/pack";
import { writeProject } from "../../../../commands/preview/project";
import { temporaryFolder } from "../../../unit/local/images/reading";
import { pulumiExecutable } from "../../engine";

/** What every rule, by its defaults, reports of the program: the rule, the resource and the message. */
export async function reportedOf(
  program: () => void,
): Promise<readonly (readonly [string, string, string])[]> {
  const folder = temporaryFolder();
  const root = join(folder, "shop");
  mkdirSync(root);
  writeFileSync(join(root, "Pulumi.yaml"), stringify({ name: "shop", runtime: "nodejs" }));
  const project = writeProject(root, "team", { config: {} }, join(folder, "preview"));
  // The engine hands each rule a reason, too.
  const settings = { reason: "The program is another project's." };
  const configuration = Object.fromEntries(
    rules.map(({ name }) => [name, { level: "mandatory" as const, settings }]),
  );
  const pack = writePack(join(__dirname, "../../../.."), configuration, join(folder, "policies"));
  const { violations } = await within(project.environment, () =>
    previewProject(project, {
      pulumi: dirname(dirname(pulumiExecutable ?? "")),
      program: () => {
        program();
        return {};
      },
      onProgress: () => undefined,
      signal: AbortSignal.timeout(120_000),
      pack,
      configuration,
      hide: (text) => text,
    }),
  );
  return violations.map(({ rule, resource = "", found, write }) => [
    rule,
    partsOf(resource).name,
    `${found}. Write ${write}`,
  ]);
}

/** With these variables in this process's environment, which is as before afterwards. */
async function within<Result>(
  environment: Readonly<Record<string, string>>,
  act: () => Promise<Result>,
): Promise<Result> {
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    return await act();
  } finally {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
}
