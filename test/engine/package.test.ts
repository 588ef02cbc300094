/** The packed package, installed in an empty folder: its command line and its components work there for a project. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { AnalyzerInfo } from "@pulumi/pulumi/proto/analyzer_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { z } from "zod";
import { rules } from "../../policies/rules";
import { answered, startedPack } from "../support/policy-pack";
import { temporaryFolder } from "../unit/local/images/reading";
import { skipWithoutEngine } from "./engine";
import { preview, replaceIn, root } from "./preview";

const packed = z.tuple([z.object({ filename: z.string() })]);
const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** Of the example, what makes it a project; its services' own program is another matter. */
const example = join(root, "examples/orders");
const parts = [
  "Pulumi.yaml",
  "Pulumi.sandbox.yaml",
  "application.ts",
  "index.ts",
  "orders.yaml",
  "plans/sandbox.yaml",
  "policies.sandbox.json",
  "workloads.ts",
];
const sources = parts.filter((part) => part.endsWith(".ts"));

/**
 * Installs the packed package as npm does: its files, and of its dependencies those that it names itself. Theirs are
 * where the clone has them.
 * @returns the package's folder
 */
function install(folder: string): string {
  const own = join(folder, "node_modules/istio-auth0");
  mkdirSync(own, { recursive: true });
  const told = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [{ filename }] = packed.parse(JSON.parse(told));
  execFileSync("tar", ["-xzf", join(folder, filename), "--strip-components=1", "-C", own]);
  const { dependencies } = manifest.parse(
    JSON.parse(readFileSync(join(own, "package.json"), "utf8")),
  );
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
  return own;
}

/** The files below a folder, with the time of the last change of each. */
const stateOf = (folder: string) =>
  globSync("**", { cwd: folder }).map((path) => [path, lstatSync(join(folder, path)).mtimeMs]);

describe("the package, installed in an empty folder", { skip: skipWithoutEngine }, () => {
  let shop: string;
  let own: string;
  const run = (args: readonly string[], from = shop) =>
    preview(args, {
      clone: from,
      caches: join(shop, "caches"),
      main: [join(own, "scripts/istio-auth0.mjs")],
    });

  before(() => {
    shop = mkdtempSync(join(tmpdir(), "istio-auth0-shop-"));
    own = install(shop);
    for (const part of parts) cpSync(join(example, part), join(shop, part));
    for (const file of sources) {
      const text = readFileSync(join(shop, file), "utf8");
      writeFileSync(
        join(shop, file),
        text.replaceAll("../../components/", "istio-auth0/components/"),
      );
    }
  });

  after(() => {
    rmSync(shop, { recursive: true });
  });

  it("says what it does", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^Usage: istio-auth0 /);
  });

  it("previews a project from another folder as the clone previews it, and changes nothing of its own", async () => {
    const [installed, reviewed] = [stateOf(own), join(shop, "plans/sandbox.yaml")];
    const args = ["preview", "sandbox", "--project", shop];
    const { code, stderr } = await run([...args, "--check"], temporaryFolder());
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\nplans\/sandbox\.yaml: as planned\n$/);
    assert.deepEqual(readFileSync(reviewed), readFileSync(join(example, "plans/sandbox.yaml")));
    assert.deepEqual(stateOf(own), installed);
  });

  it("has the project's table as it is now", async () => {
    replaceIn(shop, "application.ts", 'serviceAccount: "catalogue"', 'serviceAccount: "other"');
    const { code, stderr } = await run(["preview", "sandbox", "--check"]);
    assert.equal(code, 1);
    assert.match(stderr, /\n {4}\+ +name: other\n/);
  });

  it("names the commands that work there, and not those of a clone", async () => {
    const { stdout } = await run(["token", "--help"]);
    assert.match(stdout, /\n {2}npx istio-auth0 token USER \| npx istio-auth0 explain -\n/);
    const help = await run(["--help"]);
    assert.doesNotMatch(`${stdout}${help.stdout}`, /npm run|bench/);
  });

  it("says of a folder that is no project what it lacks, and where that is", async () => {
    const folder = temporaryFolder();
    cpSync(join(shop, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    for (const [args, from] of [
      [["preview", "sandbox"], folder],
      [["preview", "sandbox", "--project", folder], shop],
    ] as const) {
      const { code, stderr } = await run(args, from);
      assert.deepEqual(
        [code, stderr],
        [
          1,
          `error: ${folder} is no project: it has no index.ts and no application.ts. Go to a project, name one by --project, or begin with the files of node_modules/istio-auth0/template (node_modules/istio-auth0/docs/tutorial.md)\n`,
        ],
      );
    }
  });

  it("says of a file that a project lacks where it is missed, or where one is to begin with", async () => {
    const folder = temporaryFolder();
    for (const part of ["Pulumi.yaml", "index.ts", "application.ts", "orders.yaml"])
      cpSync(join(shop, part), join(folder, part));
    const args = ["preview", "sandbox", "--project", folder];
    const imports = await run(args);
    assert.match(
      imports.stderr,
      /^error: cannot build the programs: .*\nindex\.ts:\d+:\d+: ERROR: Could not resolve "\.\/workloads"\n$/,
    );
    cpSync(join(shop, "workloads.ts"), join(folder, "workloads.ts"));
    const stack = await run(args);
    assert.equal(
      stack.stderr,
      `error: there is no stack sandbox: ${folder} has no file Pulumi.STACK.yaml. node_modules/istio-auth0/template/Pulumi.sandbox.yaml is one to begin with\n`,
    );
  });

  it("has the policy pack for Pulumi's own CLI, which compiles nothing of a package", async (t) => {
    const client = await startedPack(t, join(own, "dist/policies"));
    const information = await answered<AnalyzerInfo>((answer) => {
      client.getAnalyzerInfo(new Empty(), answer);
    });
    assert.deepEqual(
      information.getPoliciesList().map((policy) => policy.getName()),
      rules.map(({ name }) => name),
    );
  });

  it("has a template whose types are right by its own settings", () => {
    const made = join(shop, "made");
    cpSync(join(own, "template"), made, { recursive: true });
    assert.ok(readdirSync(made).includes(".gitignore"));
    // A page's program with what comes with the package, and is not in the template's package.json.
    const page = readFileSync(join(root, "docs/workloads.md"), "utf8");
    const [, program = ""] = /^```ts\n(export = [^`]*\bservices\([^`]*)^```$/m.exec(page) ?? [];
    assert.notEqual(program, "");
    writeFileSync(
      join(made, "mixed.ts"),
      `import * as kubernetes from "@pulumi/kubernetes";
import { createStack } from "istio-auth0/components/stack";
import { application } from "./application";
${program}`,
    );
    const compiler = join(shop, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", made], { stdio: "inherit" });
  });

  it("has types for a strict program, which runs as it is compiled", () => {
    const settings = { strict: true, module: "nodenext", types: ["node"], skipLibCheck: true };
    writeFileSync(
      join(shop, "tsconfig.json"),
      JSON.stringify({ compilerOptions: settings, files: sources }),
    );
    const compiler = join(shop, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", shop], { stdio: "inherit" });
    // Its stack needs an engine: the table and the workloads are the rest of it.
    const script = `require("istio-auth0/components/stack");
      console.log(Object.keys(require("./workloads.js").workloads).join(" "));`;
    assert.equal(
      execFileSync(process.execPath, ["-e", script], { cwd: shop, encoding: "utf8" }),
      "catalogue customers orders fulfilment inventory store\n",
    );
  });
});
