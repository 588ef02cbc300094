/** The pages follow from the data, and the data from the programs' own lists of settings. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { rules } from "../../../../policies/rules";
import { subjects } from "../../../../policies/weakening";
import { istiodEnvironment } from "../../../../policies/weakening/istiod-environment";
import { oauth2ProxyFlags } from "../../../../policies/weakening/oauth2-proxy";
import { istiodValues } from "../../../../policies/weakening/istiod";
import { proxyConfig } from "../../../../policies/weakening/proxy-config";
import { podTemplate } from "../../../../policies/weakening/pod-template";
import type { Subject } from "../../../../policies/weakening/setting";
import { isFields } from "../../../../policies/reading";
import { meshConfiguration } from "../../../../policies/rules/mesh-configuration";
import { judged } from "../judged";
import { weakeningsPage } from "./weakenings";

/** Without layout: a table's columns, and the breaks of lines. */
const words = (text: string) => text.replace(/-{3,}/g, "---").split(/\s+/).join(" ").trim();

test("the page says of each setting what the tables do", () => {
  const page = readFileSync(join(__dirname, "../../../../policies/WEAKENINGS.md"), "utf8");
  assert.equal(words(page), words(weakeningsPage()));
});

test("each setting is in one table once, says why, and is judged by a rule that there is", () => {
  const known = rules.map(({ name }) => name);
  for (const { title, rule, settings, harmless } of subjects) {
    const names = [...settings.map(({ name }) => name), ...harmless];
    assert.deepEqual([...new Set(names)], names, title);
    for (const { name, values, may, why } of settings) {
      assert.ok(why.length > 0, name);
      assert.ok((values === undefined) !== (may === undefined), name);
    }
    const named = known.filter((name) => rule.split(/[ ;]+/).includes(name));
    assert.ok(named.length > 0, title);
  }
});

/** A folder in Go's cache of modules; undefined where it is not there. */
function moduleFolder(name: string): string | undefined {
  try {
    const cache = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
    const parent = join(cache, name, "..");
    const prefix = name.split("/").at(-1) ?? "";
    const found = existsSync(parent)
      ? readdirSync(parent).filter((one) => one.startsWith(prefix))
      : [];
    const last = found.sort().at(-1);
    return last === undefined ? undefined : join(parent, last);
  } catch {
    return undefined;
  }
}

const sourcesIn = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".go") && !file.endsWith("_test.go"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");

const listed = ({ settings, harmless }: Subject) => [
  ...settings.map(({ name }) => name),
  ...harmless,
];

/** What a program's sources name, and the table that has to name the same. */
const sources = [
  {
    what: "OAuth2-Proxy's flags",
    module: "github.com/oauth2-proxy/oauth2-proxy/v7@",
    folder: "pkg/apis/options",
    pattern: /flagSet\.\w+\("([a-z0-9-]+)"/g,
    subject: oauth2ProxyFlags,
  },
  {
    what: "istiod's variables",
    module: "istio.io/istio@",
    folder: "pilot/pkg/features",
    pattern: /(?:env\.Register\w*|registerAmbient)\(\s*"([A-Z_0-9a-z]+)"/g,
    subject: istiodEnvironment,
  },
  {
    what: "Istio's annotations",
    module: "istio.io/api@",
    folder: "annotation",
    pattern: /Name:\s*"([\w.]*istio\.io\/[\w-]+)"/g,
    subject: podTemplate,
  },
  {
    what: "Istio's labels",
    module: "istio.io/api@",
    folder: "label",
    pattern: /Name:\s*"([\w.]*istio\.io\/[\w-]+)"/g,
    subject: podTemplate,
  },
] as const;

for (const { what, module, folder, pattern, subject } of sources) {
  const root = moduleFolder(module);
  const skip = root === undefined && `no Go module ${module}`;
  test(`the table names all of ${what}`, { skip }, () => {
    const names = [...sourcesIn(join(root ?? "", folder)).matchAll(pattern)].map(
      ([, name = ""]) => name,
    );
    assert.ok(names.length > 10);
    assert.deepEqual(
      names.filter((name) => !listed(subject).includes(name)),
      [],
    );
  });
}

/** The fields of a message, as JSON has them. */
function fieldsOf(source: string, message: string): string[] {
  const body = new RegExp(`type ${message} struct \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? "";
  const tags = [...body.matchAll(/protobuf:"[^"]*?name=(\w+)(?:,json=(\w+))?/g)];
  return tags.map(([, name = "", json = name]) => json);
}

const api = moduleFolder("istio.io/api@");
const charts = moduleFolder("istio.io/istio@");
const without = (folder: string | undefined) => ({ skip: folder === undefined && "no Go module" });

/** The places of the settings that no table has. */
async function unknownIn(chart: string, values: unknown): Promise<(string | undefined)[]> {
  const release = { type: "kubernetes:helm.sh/v3:Release", name: "one", inputs: { chart, values } };
  const found = await judged(meshConfiguration, [release]);
  return found
    .filter(({ found }) => found === "is a setting that the pack does not know")
    .map(({ where }) => where);
}

test("the tables name all of the mesh's and the proxies' configuration", without(api), async () => {
  const source = sourcesIn(join(api ?? "", "mesh/v1alpha1"));
  // One that holds others is listed by these.
  const given = (message: string, subject: Subject, prefix = "") =>
    Object.fromEntries(
      fieldsOf(source, message)
        .filter((field) => !listed(subject).some((name) => name.startsWith(`${prefix}${field}.`)))
        .map((field) => [field, "x"]),
    );
  const meshConfig = given("MeshConfig", istiodValues, "meshConfig.");
  const defaultConfig = given("ProxyConfig", proxyConfig);
  assert.ok(Object.keys(meshConfig).length > 40 && Object.keys(defaultConfig).length > 25);
  assert.deepEqual(await unknownIn("istiod", { meshConfig: { ...meshConfig, defaultConfig } }), []);
});

for (const [chart, folder] of [
  ["istiod", "istio-control/istio-discovery"],
  ["gateway", "gateway"],
] as const)
  test(`the table names all values of the chart ${chart}`, without(charts), async () => {
    const file = join(charts ?? "", "manifests/charts", folder, "values.yaml");
    const { _internal_defaults_do_not_set: values } = parse(readFileSync(file, "utf8")) as Record<
      string,
      unknown
    >;
    assert.ok(isFields(values));
    assert.deepEqual(await unknownIn(chart, values), []);
  });
