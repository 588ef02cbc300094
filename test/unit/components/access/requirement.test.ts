/** A requirement with several permissions is met by each of its alternatives, as a whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  alternativesOf,
  isEnough,
  keyOf,
  permissionsIn,
  type Requirement,
} from "../../../../components/access/requirement";

const either: Requirement = { anyOf: ["admin", { allOf: ["read", "write"] }] };

test("a token is enough with one alternative, and with all of its permissions", () => {
  const enough = [["admin"], ["write", "read"], ["read", "admin"]];
  for (const held of enough) assert.equal(isEnough(either, held), true, held.join());
  for (const held of [[], ["read"], ["write"]])
    assert.equal(isEnough(either, held), false, held.join());
  assert.equal(isEnough("signedIn", []), true);
  assert.equal(isEnough("read", ["write"]), false);
});

test("each permission is named once", () => {
  assert.deepEqual(permissionsIn(either), ["admin", "read", "write"]);
  assert.deepEqual(permissionsIn({ anyOf: ["write", { allOf: ["read", "write", "read"] }] }), [
    "write",
  ]);
  assert.deepEqual([permissionsIn("public"), permissionsIn("signedIn")], [[], []]);
  assert.deepEqual(alternativesOf("signedIn"), [[]]);
});

test("what asks for the same again, or for more, is left out", () => {
  const [read, both] = ["read", { allOf: ["read", "write"] }] as const;
  assert.deepEqual(alternativesOf({ anyOf: [read, both] }), [["read"]]);
  assert.deepEqual(alternativesOf({ anyOf: [both, read, read] }), [["read"]]);
  assert.deepEqual(alternativesOf({ allOf: ["read", "read"] }), [["read"]]);
  assert.deepEqual(alternativesOf({ anyOf: [both, { allOf: ["write", "read"] }] }), [
    ["read", "write"],
  ]);
});

test("requirements that ask for the same have one key, and others have another", () => {
  assert.equal(keyOf(either), keyOf({ anyOf: [{ allOf: ["write", "read"] }, "admin"] }));
  for (const same of [{ allOf: ["read", "read"] }, { anyOf: ["read", { allOf: ["read", "x"] }] }])
    assert.equal(keyOf("read"), keyOf(same));
  const different: Requirement[] = [
    "public",
    "signedIn",
    "read",
    { allOf: ["read", "write"] },
    { anyOf: ["read", "write"] },
    either,
  ];
  assert.equal(new Set(different.map(keyOf)).size, different.length);
});
