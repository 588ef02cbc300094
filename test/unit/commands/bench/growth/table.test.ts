/** A grown table adds a chain of services to the clone's files as they are, and a file that does not fit is refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { services } from "../../../../../application";
import {
  addedServices,
  edited,
  editsFor,
  ownServices,
} from "../../../../../commands/bench/growth/table";

const clone = join(__dirname, "../../../../..");

describe("editsFor", () => {
  it("leaves a table of the clone's own size as it is", () => {
    assert.equal(Object.keys(services).length, ownServices);
    assert.deepEqual(editsFor(ownServices), []);
  });

  it("adds services in a chain, each called by the one before it", () => {
    const [, rows] = editsFor(6);
    const added = rows?.replacement.split("\n").slice(1, 3);
    assert.deepEqual(added, [
      '  "service-1": { callers: ["ratings"], requires: "read:book-details" },',
      '  "service-2": { callers: ["service-1"], requires: "read:book-reviews" },',
    ]);
  });

  it("fits the clone's table and workloads as they are", () => {
    for (const edit of editsFor(100)) {
      const text = edited(readFileSync(join(clone, edit.file), "utf8"), edit);
      if (!edit.replacement.includes('"service-1"')) continue;
      for (const name of addedServices(100)) assert.ok(text.includes(`"${name}"`), name);
    }
    assert.equal(addedServices(100).length, 96);
  });
});

describe("what the added services run", () => {
  it("is details' program, under the name of their own service", () => {
    const [workloads] = editsFor(5).filter(({ file }) => file === "workloads.ts");
    assert.equal(
      workloads?.replacement,
      '    ratings: [run("ratings-v1")],\n    "service-1": [run("details-v1")],\n',
    );
  });
});

describe("edited", () => {
  const edit = { file: "a.ts", anchor: "here\n", replacement: "here\n$& more\n" };

  it("replaces the anchor by exactly what is given", () => {
    assert.equal(edited("before\nhere\nafter", edit), "before\nhere\n$& more\nafter");
  });

  it("refuses a text without the anchor, and one that has it twice", () => {
    const message =
      "UserError: commands/bench/growth/table.ts does not know how to extend a.ts: look for here";
    for (const text of ["nowhere", "here\nhere\n"]) {
      assert.throws(
        () => edited(text, edit),
        (error) => String(error) === message,
      );
    }
  });
});
