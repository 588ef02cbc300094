/** A command is about the project that the user names or is in, and otherwise about the clone's own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { application as orders } from "../../../../examples/orders/application";
import { UserError } from "../../../../lib/errors";
import {
  ownProject,
  projectAt,
  projectNamed,
  tableProblem,
} from "../../../../commands/stack/project";

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
