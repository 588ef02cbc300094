/** The modes: each makes sense as it is written, together they try every setting, and docs/designs.md shows the designs. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { chartFolders } from "../../../../components/mesh/charts";
import type { LoginSettings } from "../../../../components/settings";
import {
  checkConfiguration,
  imageNames,
  sandboxConfiguration,
} from "../../../../sandbox/configuration";
import { type Configuration } from "../../../../sandbox/setting-paths";
import { writePrivate } from "../../../../lib/files";
import { layout } from "../../../../sandbox/layout";
import {
  assignmentsOf,
  designs,
  type Design,
  type Mode,
  modes,
  modesFor,
} from "../../../../sandbox/modes/table";
import { provisional } from "../../../../sandbox/state";
import { type Project, projectAt } from "../../../../commands/stack/project";
import { temporaryFolder } from "../../local/images/reading";

const root = join(__dirname, "../../../..");
const folder = temporaryFolder();
const charts = join(folder, "charts");
const names = { tenant: "tenant.localhost:8443", custom: "login.localhost:8443" };
const projects = [projectAt(root), projectAt(join(root, "examples/orders"))];

before(() => {
  for (const chart of Object.values(chartFolders)) {
    mkdirSync(join(charts, chart), { recursive: true });
    writeFileSync(join(charts, chart, "Chart.yaml"), "");
  }
});

/** A project's configuration in a mode. */
function configured(project: Project, mode: Mode): Configuration {
  const places = layout({ XDG_STATE_HOME: folder }, "/clone", project);
  writePrivate(
    join(places.tenant, "ca.crt"),
    readFileSync(join(root, "test/unit/components/authority.pem"), "utf8"),
  );
  const overrides = assignmentsOf(mode, names).map((text) => {
    const [path = "", value = ""] = text.split(/=(.*)/s);
    return { path, value };
  });
  return sandboxConfiguration(places, { charts }, provisional, overrides);
}

for (const project of projects) {
  for (const mode of modesFor(project.application)) {
    test(`${project.name}, ${mode.name}: the settings are right`, () => {
      checkConfiguration(configured(project, mode), provisional);
    });
  }
}

test("one node has the images of all modes, and need not start again between them", () => {
  const [project] = projects;
  assert.ok(project);
  const all = modes.map((mode) => {
    const configuration = configured(project, mode);
    const names = imageNames(configuration, true);
    const asked = imageNames(configuration, false).logins;
    for (const login of asked.filter(({ at }) => at !== "none")) {
      const had = names.logins.find(({ at }) => at === login.at);
      assert.deepEqual(imagesOf(had), imagesOf(login), mode.name);
    }
    return names;
  });
  for (const names of all) assert.deepEqual(names, all[0]);
});

test("a node need not start again for another setting of a login", () => {
  const [project] = projects;
  assert.ok(project);
  const namesOf = (settings: Mode["settings"]) =>
    imageNames(configured(project, { name: "a login", settings }), true);
  const names = namesOf({});
  assert.deepEqual(namesOf({ "login.at": "gateway", "login.refresh": "10s" }), names);
  assert.deepEqual(namesOf({ "login.at": "application" }), names);
  const own = namesOf({
    "login.at": "gateway",
    "login.redisImage": "registry.example/redis:8.0.1",
  });
  assert.notDeepEqual(own, names);
  assert.equal(own.logins.length, names.logins.length);
});

const imagesOf = (login: LoginSettings | undefined) =>
  Object.entries(login ?? {}).filter(([setting]) => /image$/i.test(setting));

test("the last mode is the sandbox as it is without a word, and no two are the same", () => {
  assert.deepEqual(modes.at(-1)?.settings, {});
  const settings = modes.map((mode) => JSON.stringify(Object.entries(mode.settings).sort()));
  assert.deepEqual([...new Set(settings)], settings);
  const names = modes.map(({ name }) => name);
  assert.deepEqual([...new Set(names)], names);
});

/** What a combination of them has to be tried with. */
for (const settings of [
  { "login.at": "gateway" },
  { "login.at": "gateway", "login.required": "true" },
  { "login.at": "gateway", "login.sessions": "cookie" },
  { "login.at": "application" },
  { "authentication.at": "workload" },
  { "authentication.at": "gateway" },
  { "authentication.required": "true" },
  { "authentication.clients": "any" },
  { "identity.kind": "oidc" },
  { "identity.kind": "oidc", "login.at": "gateway" },
  { "login.at": "gateway", "authentication.at": "gateway" },
  { "login.at": "gateway", "authentication.at": "workload", "login.required": "true" },
  { "mesh.egress": "ALLOW_ANY" },
  { "identity.customDomain": "CUSTOM", "login.at": "gateway" },
  { "identity.permissionsClaim": "scope" },
  { "identity.permissionsClaim": "scp", "identity.spaceDelimited": "true" },
  { "identity.issuer": "https://TENANT/realms/sandbox-es256" },
]) {
  const wanted = Object.entries(settings);
  test(`some mode has ${wanted.map((each) => each.join("=")).join(" and ")}`, () => {
    assert.ok(modes.some((mode) => wanted.every(([path, value]) => mode.settings[path] === value)));
  });
}

for (const place of ["gateway", "application"]) {
  test(`some mode has a second issuer and a login at the ${place}`, () => {
    const found = modes.find(
      ({ settings }) =>
        settings["login.at"] === place && settings["authentication.issuers"] !== undefined,
    );
    assert.ok(found);
    const given = assignmentsOf(found, names).find((one) => one.startsWith("authentication.is"));
    assert.match(given ?? "", /"issuer":"https:\/\/tenant\.localhost:8443\/realms\/sandbox"/);
  });
}

test("where only machines call, the modes without a login are left, the last among them", () => {
  const names = modesFor({ people: false }).map(({ name }) => name);
  assert.deepEqual(names, [
    "Stafford 2019",
    "a provider that is there",
    "a provider that signs with ES256, permissions as words",
    "a second issuer, tokens of any client required at the gateway",
    "pages of another origin, tokens required at the gateway",
    "tokens checked at the workloads",
    "the sandbox's own settings",
  ]);
  assert.equal(modesFor({ people: true }), modes);
  const own = modesFor({ people: true, image: "registry.example.com/orders:1.0.0" });
  const left = modes.filter((mode) => !own.includes(mode));
  assert.ok(left.length > 0 && own.some(({ settings }) => settings["login.at"] === "gateway"));
  assert.ok(left.every(({ settings }) => settings["login.at"] === "application"));
});

/** A design as docs/designs.md lists it. */
function row({ name, settings, elsewhere }: Design): string {
  const set = Object.entries(settings).map(([path, value]) => `\`${path}=${value}\``);
  return `| ${name} | ${set.join(", ")} | ${elsewhere} |`;
}

test("docs/designs.md lists the designs with their settings", () => {
  const lines = readFileSync(join(root, "docs/designs.md"), "utf8").split("\n");
  const head = lines.findIndex((line) => /^\| design +\|/.test(line));
  const end = lines.indexOf("", head);
  // The table is laid out in columns.
  const listed = lines.slice(head + 2, end).map((line) => line.replace(/ +/g, " "));
  assert.deepEqual(listed, designs.map(row));
});
