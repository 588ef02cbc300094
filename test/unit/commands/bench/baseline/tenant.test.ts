/** An id of the plan is replaced by the new tenant's wherever it is a whole value, and nothing else is. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withIds } from "../../../../../commands/bench/baseline/tenant";

describe("withIds", () => {
  const ids = new Map([
    ["rol_old", "rol_new"],
    ["client_old", "client_new"],
  ]);

  it("replaces the plan's ids wherever they are, and nothing else", () => {
    const inputs = { roles: ["rol_old", "rol_other"], client: { id: "client_old" }, name: "x" };
    assert.deepEqual(withIds(inputs, ids), {
      roles: ["rol_new", "rol_other"],
      client: { id: "client_new" },
      name: "x",
    });
  });

  it("takes an id only as a whole", () => {
    assert.deepEqual(withIds({ name: "rol_old and more" }, ids), { name: "rol_old and more" });
  });
});
