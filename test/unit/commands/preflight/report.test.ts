/** A check's line has its state, its name and what was found in columns, with and without colours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { line } from "../../../../commands/preflight/report";

const ok = { name: "chart", state: "ok", found: "1.31.0 is there." } as const;
const untried = { name: "gateway's host", state: "not tried", found: "no host", advice: "Set it." };

test("the columns are as wide as the widest state and the widest name", () => {
  const columns = { width: 14, colour: false };
  assert.equal(line(ok, columns), "ok         chart           1.31.0 is there\n");
  assert.equal(
    line({ ...untried, state: "not tried" }, columns),
    "not tried  gateway's host  no host. Set it.\n",
  );
});

test("a colour takes no room, and is that of the whole column", () => {
  const colours = { width: 14, colour: true };
  assert.equal(
    line(ok, colours),
    "\u001b[32mok       \u001b[39m  chart           1.31.0 is there\n",
  );
});
