/** `--token` takes a token of a known viewer, issuer and audience, and no message shows one. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { UnsecuredJWT } from "jose";
import { readArguments } from "../../../../../commands/verify/arguments";
import { fromPerson } from "../../../../../lib/output-files";
import { readGivenTokens } from "../../../../../commands/verify/tokens/given-tokens";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import { viewers } from "../support/stack";

const issuer = "https://tenant.localhost:8443/";
const audience = "https://bookinfo.io";
const outputs = { issuer, audience, viewers } as StackOutputs;
const user = "user@bookinfo.example";
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "verify-tokens-"));
});
after(() => rm(directory, { recursive: true }));

async function fileWith(content: string): Promise<string> {
  const file = join(directory, `${Math.random()}.jwt`);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

const token = (claims: object = {}) =>
  new UnsecuredJWT({ iss: issuer, aud: [audience, `${issuer}userinfo`], exp: 4e9, ...claims })
    .encode()
    .concat("c2lnbmF0dXJl");

test("users by e-mail address, machines by name, with any white space around the token", async () => {
  const [one, other] = [token({ sub: "one" }), token({ sub: "other", aud: audience })];
  const given = [
    { name: user, file: await fileWith(`\n${one}\n`) },
    { name: "catalogue", file: await fileWith(other) },
  ];
  assert.deepEqual(
    [...(await readGivenTokens(given, outputs))],
    [
      [user, { accessToken: one }],
      ["catalogue (machine)", { accessToken: other }],
    ],
  );
});

const refusals: readonly [string, string, string | undefined, string][] = [
  [
    "an unknown name",
    "ada@example.com",
    token(),
    "the stack has no user or machine ada@example.com; it has catalogue, reporting, nobody@bookinfo.example, user@bookinfo.example, moderator@bookinfo.example",
  ],
  ["no file", user, undefined, "the file cannot be read: ENOENT"],
  ["an empty file", user, " \n", "the file is empty"],
  [
    "an opaque token",
    user,
    "opaque",
    "the file does not hold a JWT, three parts separated by dots",
  ],
  ["garbage in three parts", user, "a.b.c", "the file does not hold a JWT"],
  [
    "another issuer",
    user,
    token({ iss: "https://tenant.localhost:8443" }),
    "the token's issuer is https://tenant.localhost:8443, not https://tenant.localhost:8443/",
  ],
  [
    "another audience",
    user,
    token({ aud: `${issuer}userinfo` }),
    "the token is not for https://bookinfo.io: ask the tenant for one with this audience",
  ],
  [
    "an old one",
    user,
    token({ exp: 1_000_000_000 }),
    "the token expired at 2001-09-09T01:46:40.000Z: get a new one",
  ],
];

for (const [what, name, content, reason] of refusals) {
  test(`one line that names the option and not the token: ${what}`, async () => {
    const file = content === undefined ? join(directory, "none") : await fileWith(content);
    await assert.rejects(readGivenTokens([{ name, file }], outputs), (error: Error) => {
      assert.equal(error.name, "UserError");
      assert.ok(error.message.startsWith(`--token ${name}=${file}: ${reason}`), error.message);
      assert.ok(!error.message.includes("\n") && !error.message.includes("eyJ"));
      return true;
    });
  });
}

test("one line: two tokens for one name", async () => {
  const file = await fileWith(token());
  const twice = [
    { name: user, file },
    { name: user, file },
  ];
  await assert.rejects(readGivenTokens(twice, outputs), {
    message: `--token ${user}=${file}: there is another --token for ${user}`,
  });
});

test("the command line's own mistakes, in one line each", () => {
  const wrong: readonly [string[], string][] = [
    [
      ["--token", "a.jwt"],
      "--token a.jwt: expected NAME=FILE, such as --token ada@example.com=ada.jwt",
    ],
    [["--token", "a="], "--token a=: expected NAME=FILE, such as --token ada@example.com=ada.jwt"],
    ...["soon", "1.5", "30s", "10000"].map((given): [string[], string] => [
      ["--wait", given],
      `--wait ${given}: expected a whole number of seconds from 0 to 9999`,
    ]),
    [["--html="], "--html is empty"],
    [["--html", "--all"], "--html needs a value before --all"],
    [
      ["--all-modes"],
      "--all-modes is for the sandbox, which it changes: npm run sandbox -- verify --all-modes",
    ],
  ];
  for (const [args, message] of wrong) {
    const all = { message: `${message}. See istio-auth0 verify --help.` };
    assert.throws(() => readArguments(args), all);
  }
  assert.equal(readArguments([]).settleDeadline, undefined);
  const { tokens, files, settleDeadline } = readArguments([
    ...["--token", "a=b=c", "--token", "d=e", "--wait", "5"],
    ...["--html", "-", "--json", "r.json"],
  ]);
  assert.deepEqual(tokens, [
    { name: "a", file: "b=c" },
    { name: "d", file: "e" },
  ]);
  assert.equal(settleDeadline, 5_000);
  assert.deepEqual(files, [
    { format: "json", path: fromPerson("r.json") },
    { format: "html", path: "-" },
  ]);
});
