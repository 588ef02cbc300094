/** A clone has its state and lock below the user's state folder under its own name, and shares only the cache. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ownProject } from "../../../commands/stack/project";
import { clone } from "../../../lib/clone";
import { layout } from "../../../sandbox/layout";

const root = "/somewhere/a clone";

/** The name of a clone whose state is below a folder. */
function nameIn(home: string): string {
  const text = [root, home].map((part) => `${part.length}:${part}`).join("");
  return `istio-auth0-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

test("every place is below the folders that the environment names", () => {
  const environment = { XDG_CACHE_HOME: "/caches", XDG_STATE_HOME: "/states" };
  const name = nameIn("/states/istio-auth0");
  const state = `/states/istio-auth0/${name}`;
  assert.deepEqual(layout(environment, root), {
    project: ownProject(),
    cache: "/caches/istio-auth0",
    name,
    state,
    node: `${state}/node`,
    tenant: `${state}/tenant`,
    pulumi: `${state}/pulumi`,
    temporary: `${state}/tmp`,
    hosts: `${state}/hosts`,
    // Outside the state, which `down` removes while it holds the lock.
    lock: `/states/istio-auth0/${name}.lock`,
  });
});

for (const [what, named] of [
  ["none", undefined],
  ["an empty one", ""],
  ["a relative one", "states"],
] as const) {
  test(`where the environment names ${what}, the folders are those of the user's home`, () => {
    const found = layout({ XDG_CACHE_HOME: named, XDG_STATE_HOME: named }, root);
    const name = nameIn(join(homedir(), ".local/state/istio-auth0"));
    assert.equal(found.cache, join(homedir(), ".cache/istio-auth0"));
    assert.equal(found.state, join(homedir(), ".local/state/istio-auth0", name));
    assert.equal(found.lock, join(homedir(), `.local/state/istio-auth0/${name}.lock`));
  });
}

test("two clones share the cache and nothing else", () => {
  const [one, other] = ["/one", "/other"].map((folder) => layout({}, folder));
  assert(one && other);
  const shared = Object.entries(one).filter(
    ([key, value]) => other[key as keyof typeof other] === value,
  );
  assert.deepEqual(shared, [["cache", one.cache]]);
});

test("two states of one clone have names of their own", () => {
  const [one, other] = ["/one", "/other"].map((home) => layout({ XDG_STATE_HOME: home }, root));
  assert.notEqual(one?.name, other?.name);
});

test("the clone is the folder that holds this test", () => {
  assert.equal(clone, join(__dirname, "../../.."));
  assert.deepEqual(layout({}), layout({}, clone));
});
