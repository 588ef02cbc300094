/** What people's and machines' tokens are asked for with. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { StackOutputs } from "../../../../commands/stack/outputs";
import { clientOf } from "../../../../commands/stack/client";
import { genuineTokens } from "../../../../commands/verify/tokens/tokens";
import { startStack, type Stack } from "./support/stack";

const { signal } = new AbortController();
let stack: Stack;

before(async () => {
  stack = await startStack();
});
after(() => stack.close());

/** The scopes that one user's and one machine's tokens are asked for with. */
async function asked(people?: readonly string[], machine?: readonly string[]) {
  const users = stack.outputs.viewers.users.slice(0, 1);
  const machines: StackOutputs["viewers"]["machines"] = [
    { name: "reporting", permissions: [], ...(machine && { scopes: [...machine] }) },
  ];
  const viewers = { users, machines, ...(people && { scopes: [...people] }) };
  const before = stack.tenant.scopes.length;
  await genuineTokens({ ...stack.outputs, viewers }, clientOf(stack.outputs), signal);
  return stack.tenant.scopes.slice(before).sort();
}

test("where the settings name none: what verify needs, and for machines the audience alone", async () => {
  assert.deepEqual(await asked(), [null, "openid email"]);
});

test("those of the settings, but for what outlives the sign-in", async () => {
  const people = ["openid", "api://books/read", "offline_access"];
  assert.deepEqual(await asked(people, ["api://books/.default"]), [
    "api://books/.default",
    "openid email api://books/read",
  ]);
});
