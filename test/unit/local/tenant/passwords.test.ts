/** A password satisfies the policies that it is strong enough for, and a hash verifies its own password only. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  hashPassword,
  isStrongEnough,
  passwordPolicies,
  verifyPassword,
} from "../../../../local/tenant/passwords";

describe("password policies", () => {
  const weakest: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["a", ["none"]],
    ["aaaaaa", ["none", "low"]],
    ["abcdEFGH", ["none", "low"]],
    ["aaabbb1A", ["none", "low", "fair", "good"]],
    ["abc-123-", ["none", "low", "good"]],
    ["abcd-12345", ["none", "low", "good", "excellent"]],
    ["aaad-12345", ["none", "low", "good"]],
    ["aBcd-12345", ["none", "low", "fair", "good", "excellent"]],
  ];
  for (const [password, expected] of weakest)
    test(`"${password}" satisfies ${expected.join(", ") || "none of them"}`, () => {
      const satisfied = passwordPolicies.filter((policy) => isStrongEnough(password, policy));
      assert.deepEqual(satisfied, expected);
    });
});

describe("password hashes", () => {
  test("verify the password, however it was typed, and no other", async () => {
    const hash = await hashPassword("caf\u00e9");
    assert.equal(hash.includes("caf"), false);
    assert.equal(await verifyPassword("cafe\u0301", hash), true);
    assert.equal(await verifyPassword("cafe", hash), false);
    assert.notEqual(await hashPassword("caf\u00e9"), hash);
  });

  test("without a hash, or with a broken one, nothing verifies", async () => {
    for (const hash of [undefined, "", "x", "x.y"])
      assert.equal(await verifyPassword("", hash), false);
  });
});
