/** A command is about the project that the user names or is in, and otherwise about the clone's own. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { application as orders } from "../../../../examples/orders/application";
import { UserError } from "../../../../lib/errors";
import { sdkVersion } from "../../../../local/plugins/shared/version";
import {
  ownProject,
  projectAt,
  projectNamed,
  tableIn,
  tableProblem,
} from "../../../../commands/stack/project";
import { temporaryFolder } from "../../local/images/reading";

const clone = join(__dirname, "../../../..");
const { INIT_CWD: before } = process.env;

afterEach(() => {
  if (before === undefined) delete process.env.INIT_CWD;
  else process.env.INIT_CWD = before;
});

test("without a name it is the project that the person is in", () => {
  for (const folder of ["examples/orders", "examples/orders/plans"]) {
    process.env.INIT_CWD = join(clone, folder);
    assert.equal(projectNamed(undefined).place, "examples/orders");
  }
});

test("without a name, and in no project, it is the clone's own", () => {
  process.env.INIT_CWD = join(clone, "examples");
  const own = {
    name: "istio-auth0",
    folder: clone,
    place: "",
    application: bookinfo,
    defaults: {
      ...{ istio: {}, mesh: {}, authentication: {}, bookinfo: {} },
      ...{ login: { at: "none" }, verify: {}, sandbox: {} },
    },
  };
  assert.deepEqual({ ...projectNamed(undefined) }, own);
  assert.deepEqual({ ...ownProject() }, own);
});

test("a folder is named from where the person is", () => {
  const folder = join(clone, "examples/orders");
  for (const [from, given] of [
    [clone, "examples/orders"],
    [join(clone, "examples"), "orders/"],
    [folder, "."],
    ["/", folder],
  ] as const) {
    process.env.INIT_CWD = from;
    const found = projectNamed(given);
    assert.deepEqual(
      { ...found },
      {
        name: "istio-auth0-orders",
        folder,
        place: "examples/orders",
        application: orders,
        defaults: {},
      },
    );
  }
});

for (const given of ["examples", "examples/none", "components", "/", ".."]) {
  test(`${given} is no project: one line that says what there is`, () => {
    process.env.INIT_CWD = clone;
    assert.throws(
      () => projectNamed(given),
      new UserError(
        `--project ${given}: no folder of this clone with Pulumi.yaml, index.ts, application.ts; there are ., examples/orders`,
      ),
    );
  });
}

test("a wrong table is told of when it is asked for, and the rest of the project is there", (context) => {
  const project = projectAt(join(clone, "examples/orders"));
  const { catalogue } = orders.services;
  Object.assign(orders.services, { catalogue: { ...catalogue, callers: ["nobody"] } });
  context.after(() => Object.assign(orders.services, { catalogue }));
  assert.match(tableProblem(project) ?? "", /\n {2}services\.catalogue\.callers: found "nobody", /);
  assert.equal(project.name, "istio-auth0-orders");
  assert.throws(() => project.application, UserError);
});

test("the table is what application.ts exports as application, and no other is there", () => {
  assert.equal(tableIn({ application: orders, default: orders, port: 8080 }), orders);
  const advice = "write export const application = defineApplication({ … })";
  for (const [exported, line] of [
    [{}, `application.ts exports no table: ${advice}`],
    [{ application: undefined }, `application.ts exports no table: ${advice}`],
    [{ shop: orders }, `application.ts exports no table (shop is one by another name): ${advice}`],
    [
      { application: orders, books: bookinfo },
      "application.ts exports more tables than one, application and books: these commands are about application alone. Move each other one to a project of its own",
    ],
  ] as const)
    assert.throws(() => tableIn(exported), new UserError(line));
});

/** A project's folder with another file. */
function projectWith(file: string, text: string): string {
  const folder = temporaryFolder();
  for (const part of ["Pulumi.yaml", "index.ts", "application.ts"])
    cpSync(join(clone, "examples/orders", part), join(folder, part));
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), text);
  return folder;
}

for (const part of ["application", "index"])
  test(`${part}.js, which Pulumi prefers, is not next to ${part}.ts`, () => {
    const folder = projectWith(`${part}.js`, "");
    assert.throws(
      () => projectAt(folder),
      new UserError(
        `${folder} has ${part}.ts and ${part}.js: Pulumi runs ${part}.js, and these commands read ${part}.ts. Remove ${part}.js; with "noEmit" or an "outDir" in tsconfig.json the compiler makes none there`,
      ),
    );
  });

test("the project's own SDK is of the package's major version", () => {
  const file = "node_modules/@pulumi/pulumi/package.json";
  const own = sdkVersion("pulumi");
  const folder = projectWith(file, '{ "version": "4.1.0" }');
  assert.throws(
    () => projectAt(folder),
    new UserError(
      `${folder} has @pulumi/pulumi 4.1.0, and istio-auth0 works with ${own}: write "@pulumi/pulumi": "${own}" into its package.json, and run npm install`,
    ),
  );
  assert.equal(projectAt(projectWith(file, '{ "version": "3.0.0" }')).name, "istio-auth0-orders");
});
