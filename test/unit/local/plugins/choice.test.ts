/** A sandbox takes official plug-ins where all can be had, otherwise stand-ins, and keeps to the kind that made it. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { layout } from "../../../../sandbox/layout";
import { choosePlugins, describePlugins, officialPlugins } from "../../../../local/plugins/choice";
import { standIns, writePluginLauncher } from "../../../../local/plugins/launchers";
import { officialPlugin, type Places } from "../../../../local/plugins/official";
import { sdkVersion } from "../../../../local/plugins/shared/version";
import { temporaryFolder } from "../images/reading";

/** A folder as PULUMI_HOME names one, with plug-ins that are never started. */
function homeWith(plugins: Readonly<Record<string, readonly string[]>>): string {
  const home = temporaryFolder();
  for (const [name, versions] of Object.entries(plugins)) {
    for (const version of versions) {
      program(join(home, "plugins", `resource-${name}-v${version}`), name, "exit 1");
    }
  }
  return home;
}

/** @returns the folder */
function program(folder: string, name: string, script: string): string {
  const file = join(folder, `pulumi-resource-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return folder;
}

const in_ = (places: Partial<Places>): Places => ({ homes: [], path: "", ...places });
const wanted = { name: "random", version: "4.21.2" } as const;

for (const [there, chosen] of [
  [["4.21.2"], "4.21.2"],
  [["4.30.0", "4.21.2", "4.21.10"], "4.21.2"],
  [["4.30.0", "4.21.10"], "4.21.10"],
  [["4.21.1", "5.0.0", "4.22.0-alpha.1"], undefined],
  [["latest"], undefined],
  [[], undefined],
] as const) {
  test(`of ${JSON.stringify(there)} the plug-in for the SDK 4.21.2 is ${chosen ?? "none"}`, async () => {
    const home = homeWith({ random: there, "random-other": ["4.21.2"] });
    const found = await officialPlugin(wanted, in_({ homes: [temporaryFolder(), home] }));
    const path = join(home, "plugins", `resource-random-v${chosen}`);
    assert.deepEqual(found, chosen && { name: "random", version: chosen, path });
  });
}

test("a plug-in that Pulumi has not finished to install is none", async () => {
  const home = homeWith({ random: ["4.21.2"] });
  writeFileSync(join(home, "plugins/resource-random-v4.21.2.partial"), "");
  assert.equal(await officialPlugin(wanted, in_({ homes: [home] })), undefined);
});

test("a plug-in that is no program is none", async () => {
  const home = homeWith({ random: ["4.21.2"] });
  chmodSync(join(home, "plugins/resource-random-v4.21.2/pulumi-resource-random"), 0o644);
  assert.equal(await officialPlugin(wanted, in_({ homes: [home] })), undefined);
});

test("a plug-in on PATH is asked for its version; Pulumi's own folder comes first", async () => {
  const folder = writePluginLauncher(temporaryFolder(), "random");
  const version = sdkVersion("random");
  const path = `/nowhere::${folder}`;
  const current = { name: "random", version } as const;
  const found = await officialPlugin(current, in_({ path }));
  assert.deepEqual(found, { name: "random", version, path: folder });
  const newer = { name: "random", version: "99.0.0" } as const;
  assert.equal(await officialPlugin(newer, in_({ path })), undefined);
  const home = homeWith({ random: [version] });
  const first = await officialPlugin(current, in_({ homes: [home], path }));
  assert.equal(first?.path, join(home, "plugins", `resource-random-v${version}`));
});

for (const script of ["exit 1", "echo no port", "echo 1; exec sleep 600"]) {
  test(`what is on PATH and says no version ("${script}") is none`, async () => {
    const path = program(temporaryFolder(), "random", script);
    assert.equal(await officialPlugin(wanted, in_({ path })), undefined);
  });
}

const needed = standIns.filter(({ name }) => name !== "digitalocean");
const versions = Object.fromEntries(needed.map(({ name, version }) => [name, [version]]));
const sandbox = () => layout({ XDG_STATE_HOME: temporaryFolder() });

test("official plug-ins that are there are used, and no host is asked for others", async () => {
  const places = in_({ homes: [homeWith(versions)] });
  const reaches = () => assert.fail("a host was asked");
  const plugins = await choosePlugins(sandbox(), temporaryFolder(), { places, reaches });
  assert.equal(plugins.kind, "found");
  assert.deepEqual(
    plugins.providers.map(({ name, version }) => [name, version]),
    needed.map(({ name, version }) => [name, version]),
  );
  const said = needed.map(({ name, version }) => `${name} ${version}`).join(", ");
  assert.equal(describePlugins(plugins), `official, found on this machine: ${said}`);
});

test("where one is missing and cannot be had, all are stand-ins", async () => {
  const { auth0, ...rest } = versions;
  assert.ok(auth0);
  const places = in_({ homes: [homeWith(rest)] });
  const reaches = () => Promise.resolve(false);
  const at = sandbox();
  const plugins = await choosePlugins(at, temporaryFolder(), { places, reaches });
  assert.equal(plugins.kind, "stand-in");
  assert.deepEqual(
    plugins.providers.map(({ name, path }) => [name, path]),
    needed.map(({ name }) => [name, join(at.state, "plugins")]),
  );
  assert.equal(
    describePlugins(plugins),
    "stand-ins, since the official ones were neither here nor could they be downloaded: auth0, kubernetes, random",
  );
  const { missing } = await officialPlugins(needed, places);
  assert.deepEqual(
    missing.map(({ name }) => name),
    ["auth0"],
  );
});

test("what was downloaded is said to be official", () => {
  const names = ["auth0", "random"];
  assert.equal(
    describePlugins({ kind: "downloaded", names, providers: [] }),
    "official: auth0, random",
  );
});

test("a sandbox that stand-ins have made keeps them, also once the official ones are there", async () => {
  const at = sandbox();
  const reaches = () => Promise.resolve(false);
  await choosePlugins(at, temporaryFolder(), { places: in_({}), reaches });
  const places = in_({ homes: [homeWith(versions)] });
  const later = await choosePlugins(at, temporaryFolder(), {
    places,
    reaches: () => Promise.resolve(true),
  });
  assert.equal(later.kind, "stand-in");
});

test("a sandbox that the official ones have made takes no stand-ins, and says what is missing", async () => {
  const at = sandbox();
  const reaches = () => Promise.resolve(false);
  const places = in_({ homes: [homeWith(versions)] });
  await choosePlugins(at, temporaryFolder(), { places, reaches });
  await assert.rejects(choosePlugins(at, temporaryFolder(), { places: in_({}), reaches }), {
    name: "UserError",
    message:
      /^the sandbox was made by the official plug-ins, and these are neither here nor can they be downloaded: .*random.* npm run sandbox -- down$/,
  });
});
