/** `npm run token`, as a process of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { decodeJwt } from "jose";
import { argumentsFor } from "../../../support/node";
import { fakePulumi, type FakePulumi } from "../verify/support/pulumi";
import { startStack, type Stack } from "../verify/support/stack";

let pulumi: FakePulumi;
let stack: Stack;

before(async () => {
  pulumi = await fakePulumi();
  stack = await startStack();
  await pulumi.prints(stack.outputs);
});

after(async () => {
  await stack.close();
  await pulumi.remove();
});

async function run(...args: string[]) {
  const child = spawn(process.execPath, [...argumentsFor("commands/token/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: [pulumi.directory, process.env.PATH].join(delimiter) },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

test("a user's and a machine's token, alone on standard output", async () => {
  for (const [name, azp] of [
    ["moderator@bookinfo.example", "id-web"],
    ["reporting", "id-reporting"],
  ] as const) {
    const { out, err, code } = await run(name);
    assert.deepEqual([err, code], ["", 0]);
    assert.match(out, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const claims = decodeJwt(out.trim());
    assert.deepEqual(
      [claims.azp, claims.permissions],
      [azp, ["read:book-details", "read:book-reviews"]],
    );
  }
});

test("a token is asked for with the configured scopes, as verify asks", async () => {
  const viewers = { ...stack.outputs.viewers, scopes: ["openid", "api://books/read"] };
  await pulumi.prints({ ...stack.outputs, viewers });
  const { code } = await run("user@bookinfo.example");
  await pulumi.prints(stack.outputs);
  assert.equal(code, 0);
  assert.equal(stack.tenant.scopes.at(-1), "openid email api://books/read");
});

test("one line and exit 1, and nothing on standard output: nobody, a stranger, a wrong way", async () => {
  const names =
    "expected one of nobody@bookinfo.example, user@bookinfo.example, moderator@bookinfo.example, catalogue, reporting. See istio-auth0 token --help.";
  const wrong: [string[], string][] = [
    [[], `whose token? ${names}`],
    [["stranger"], `the stack has no stranger: ${names}`],
    [
      ["reporting", "--sign-in", "phone"],
      "option '--sign-in <WAY>' argument 'phone' is invalid. Allowed choices are browser. See istio-auth0 token --help.",
    ],
  ];
  for (const [args, message] of wrong)
    assert.deepEqual(await run(...args), { out: "", err: `error: ${message}\n`, code: 1 });
});

test("a sign-in that fails: the page's own words, and no password", async () => {
  const userPasswords = { ...stack.outputs.userPasswords, "user@bookinfo.example": "s3cret" };
  await pulumi.prints({ ...stack.outputs, userPasswords });
  const { out, err, code } = await run("user@bookinfo.example");
  await pulumi.prints(stack.outputs);
  assert.deepEqual([out, code], ["", 1]);
  assert.match(
    err,
    /^error: sign-in of user@bookinfo\.example failed: Wrong email or password\..*\n$/,
  );
  assert.ok(!err.includes("s3cret"));
});
