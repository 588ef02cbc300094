/** A part of the toolchain is made once, and again when it no longer starts; two parts are compiled at a time. */
import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors";
import { beginParts, ensureParts, type Part, partName } from "../../../../local/toolchain/parts";
import { temporaryFolder } from "../images/reading";

const silently = () => undefined;

function partCalled(name: string, others: Partial<Part> = {}): Part {
  const make = (folder: string) => {
    writeFileSync(join(folder, "program"), "");
    return Promise.resolve();
  };
  return { name, key: "0123456789abcdef", needs: [], make, ...others };
}

test("a part that is of no use any more is made anew, one that is of use is left", async () => {
  const root = temporaryFolder();
  let made = 0;
  const part = partCalled("part", {
    tryOut: (folder) => {
      if (existsSync(join(folder, "program"))) return Promise.resolve();
      return Promise.reject(new UserError("it does not start"));
    },
  });
  const counted: Part = {
    ...part,
    make: (folder, say) => {
      made += 1;
      return part.make(folder, say);
    },
  };
  const ensure = () => ensureParts(root, [counted], undefined, silently);
  await ensure();
  await ensure();
  assert.equal(made, 1);
  rmSync(join(root, partName(part), "program"));
  await ensure();
  assert.equal(made, 2);
});

test("parts are compiled two at a time, in their order, and what is compiled is said before", async () => {
  const root = temporaryFolder();
  const said: string[] = [];
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const slow = (name: string) =>
    partCalled(name, {
      compiling: 60 * availableParallelism(),
      make: () => {
        begun.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      },
    });
  const parts = [slow("one"), slow("two"), slow("three"), partCalled("quick")];
  const made = await beginParts(root, parts, undefined, (text) => said.push(text));
  const there = (index: number) => made.get(parts[index] ?? assert.fail());
  await there(3);
  assert.deepEqual(begun, ["one", "two"]);
  const cores = `${availableParallelism()} cores`;
  assert.equal(said[0], `built once, in about 3 min on ${cores}: one, two, three`);
  ends.get("two")?.();
  await there(1);
  assert.deepEqual(begun, ["one", "two", "three"]);
  for (const end of ends.values()) end();
  await Promise.all(made.values());
});
