/**
 * Previews copies of the clone against nothing: `preview.ts REPEAT FOLDER...`, a copy in each folder. No cluster and
 * no tenant is there, nor is one asked: everything is to be created. It prints what each preview took, in turns, and
 * what each copy's policies are.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { project, sandboxConfiguration, stackName } from "../../sandbox/configuration";
import { exitWith } from "../../sandbox/failure";
import { writePrivate } from "../../sandbox/files";
import { layout, type Layout } from "../../sandbox/layout";
import { kubeconfigPath } from "../../sandbox/node/node";
import { choosePlugins, type Plugins } from "../../sandbox/plugins/choice";
import { pulumiEnvironment } from "../../sandbox/stack";
import { decide } from "../../sandbox/state";
import { ensureToolchain } from "../../sandbox/toolchain/toolchain";
import { runEngine, type Subject } from "../inside/runs";
import { printOutput } from "../output";

/** Where no API server is: port 1 of this machine. */
const kubeconfig = {
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "none", user: { token: "none" } }],
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  "current-context": "none",
};

/** The project of one copy, and its stack, which has nothing yet. */
async function makeProject(copy: string, places: Layout, plugins: Plugins): Promise<Subject> {
  const folder = join(copy, "preview");
  const settings = z
    .record(z.string(), z.unknown())
    .parse(parse(readFileSync(join(copy, "Pulumi.yaml"), "utf8")));
  const providers = { ...settings, main: copy, plugins: { providers: plugins.standIns } };
  writePrivate(join(folder, "Pulumi.yaml"), stringify(providers));
  const decisions = await decide(places);
  const toolchain = await ensureToolchain(places.cache, () => undefined);
  const configuration = sandboxConfiguration(places, toolchain, decisions, [
    // No tenant is there to know it.
    { path: "identity.clientSecret", value: "none" },
  ]);
  writePrivate(join(folder, `Pulumi.${stackName}.yaml`), stringify(configuration));
  return { folder, project, stack: stackName, program: join(copy, "index.ts") };
}

async function main(): Promise<number> {
  const [repeat = "", ...copies] = process.argv.slice(2);
  const places = layout();
  const toolchain = await ensureToolchain(places.cache, () => undefined);
  Object.assign(process.env, pulumiEnvironment(places, toolchain));
  const decisions = await decide(places);
  writePrivate(join(places.pulumi, "passphrase"), decisions.passphrase);
  mkdirSync(join(places.pulumi, "backend"), { recursive: true, mode: 0o700 });
  writePrivate(kubeconfigPath(places), stringify(kubeconfig));
  const plugins = await choosePlugins(places);
  const found = [];
  for (const copy of copies) {
    const subject = await makeProject(copy, places, plugins);
    // One that does not count: it makes the stack, and caches fill.
    const { changes, policies, policyBytes } = await runEngine("preview", subject);
    const resources = changes.create ?? 0;
    found.push({ subject, sizes: { resources, policies, policyBytes }, seconds: [] as number[] });
  }
  for (let turn = 0; turn < Number(repeat); turn += 1) {
    for (const { subject, seconds } of found) {
      seconds.push((await runEngine("preview", subject)).seconds);
    }
  }
  printOutput(found.map(({ sizes, seconds }) => ({ ...sizes, seconds })));
  return 0;
}

exitWith(main());
