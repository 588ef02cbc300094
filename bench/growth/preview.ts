/**
 * Previews copies of the clone against nothing: `preview.ts REPEAT FOLDER...`, a copy in each folder. No cluster and
 * no tenant is there, nor is one asked: everything is to be created. It prints what each preview took, in turns, and
 * what each copy's policies are.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { sandboxConfiguration, stackName } from "../../sandbox/configuration";
import { exitWith } from "../../sandbox/failure";
import { writePrivate } from "../../sandbox/files";
import { layout, type Layout } from "../../sandbox/layout";
import { kubeconfigPath } from "../../sandbox/node/node";
import { choosePlugins, type Plugins } from "../../sandbox/plugins/choice";
import { run } from "../../sandbox/processes";
import { pulumiEnvironment } from "../../sandbox/stack";
import { decide } from "../../sandbox/state";
import { ensureToolchain } from "../../sandbox/toolchain/toolchain";
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
async function makeProject(copy: string, places: Layout, plugins: Plugins): Promise<string> {
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
  await run("pulumi", ["stack", "init", stackName, "--cwd", folder, "--non-interactive"]);
  writePrivate(join(folder, `Pulumi.${stackName}.yaml`), stringify(configuration));
  return folder;
}

const stepsSchema = z.object({
  steps: z.array(
    z.object({
      newState: z.object({ type: z.string(), inputs: z.record(z.string(), z.json()).default({}) }),
    }),
  ),
});

async function preview(folder: string, ...options: string[]): Promise<string> {
  const where = ["--cwd", folder, "--stack", stackName, "--non-interactive"];
  return run("pulumi", ["preview", ...where, ...options]);
}

const policyType = "kubernetes:security.istio.io/v1:AuthorizationPolicy";

/** How many resources a copy has, and the bytes of its policies' JSON, as the API server stores them. */
async function sizesOf(folder: string) {
  const { steps } = stepsSchema.parse(JSON.parse(await preview(folder, "--json")));
  const policies = steps.filter(({ newState }) => newState.type === policyType);
  const bytes = policies.map(({ newState }) => Buffer.byteLength(JSON.stringify(newState.inputs)));
  return {
    resources: steps.length,
    policies: policies.length,
    policyBytes: bytes.reduce((sum, one) => sum + one, 0),
  };
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
    const folder = await makeProject(copy, places, plugins);
    found.push({ folder, sizes: await sizesOf(folder), seconds: [] as number[] });
  }
  for (let turn = 0; turn < Number(repeat); turn += 1) {
    for (const { folder, seconds } of found) {
      const began = performance.now();
      await preview(folder);
      seconds.push((performance.now() - began) / 1000);
    }
  }
  printOutput(found.map(({ sizes, seconds }) => ({ ...sizes, seconds })));
  return 0;
}

exitWith(main());
