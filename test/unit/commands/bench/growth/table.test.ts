/** A grown table adds services to the clone's files as they are, and a file that does not fit is refused. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { application, services } from "../../../../../application";
import { tableProblems } from "../../../../../components/access/problems";
import { asksFor, gateway, rowsOf } from "../../../../../components/access/rows";
import { type Application, serviceOf } from "../../../../../components/application";
import {
  chainOf,
  edited,
  editsFor,
  operationsOf,
  ownServices,
} from "../../../../../commands/bench/growth/table";

const clone = join(__dirname, "../../../../..");

describe("chainOf", () => {
  it("has each added service called by the one before it, with one row", () => {
    assert.equal(Object.keys(services).length, ownServices);
    assert.deepEqual(chainOf(ownServices), []);
    assert.deepEqual(
      chainOf(6).map(({ name, access }) => [name, access]),
      [
        ["service-1", { callers: ["ratings"], requires: "read:book-details" }],
        ["service-2", { callers: ["service-1"], requires: "read:book-reviews" }],
      ],
    );
    assert.equal(chainOf(100).length, 96);
  });

  it("gives each added service operations, which ask for five requirements in all methods", () => {
    const [first] = chainOf(5, 10);
    const operations = first?.access.operations ?? {};
    assert.equal(first?.access.requires, undefined);
    assert.deepEqual(Object.entries(operations).slice(4, 7), [
      ["DELETE /details/0/{id}", "read:book-details"],
      ["GET /details/1/{id}", "signedIn"],
      ["POST /details/1/{id}", "read:book-reviews"],
    ]);
    assert.equal(Object.keys(operations).length, 10);
  });
});

describe("operationsOf", () => {
  it("makes as many rules as there are requirements, however many operations there are", () => {
    const rulesOf = (count: number) => {
      const rows = rowsOf({ callers: [gateway], operations: operationsOf(count) });
      return [...Map.groupBy(rows, asksFor).values()].map((group) => group.length);
    };
    assert.deepEqual(rulesOf(10), [2, 2, 2, 2, 2]);
    assert.deepEqual(rulesOf(50), [10, 10, 10, 10, 10]);
  });

  it("is a table without a mistake", () => {
    const access = { callers: ["reviews"], operations: operationsOf(50) };
    const ratings = { ...serviceOf(application, "ratings"), ...access, requires: undefined };
    const path = "/details/0/0";
    const table = {
      ...application,
      services: { ...application.services, ratings: { ...ratings, path } },
    };
    assert.deepEqual(tableProblems(table as Application), []);
  });
});

describe("editsFor", () => {
  it("fits the clone's table and workloads as they are", () => {
    const added = [...chainOf(100), ...chainOf(5, 10).map((one) => ({ ...one, name: "last" }))];
    assert.deepEqual(editsFor([]), []);
    const texts = new Map<string, string>();
    for (const edit of editsFor(added)) {
      const text = texts.get(edit.file) ?? readFileSync(join(clone, edit.file), "utf8");
      texts.set(edit.file, edited(text, edit));
    }
    for (const { name, path } of added) {
      assert.ok(texts.get("application.ts")?.includes(`"${name}": "${path}",\n`), name);
      assert.ok(texts.get("workloads.ts")?.includes(`"${name}": [run("details-v1")],\n`), name);
    }
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
