/** The random stand-in generates what is asked for, keeps it until an argument changes, and shows no password. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as randomPackage from "@pulumi/random";
import { random } from "../../../local/plugins/random/random";
import { textAt } from "../../../local/plugins/shared/inputs";
import { Engine, skipWithoutEngine } from "../engine";

const passwordType = typeOf("random:index/randomPassword:RandomPassword");
const context = { name: "secret", previous: undefined, suffix: "0123456789abcdef" };
const operation = { urn: "urn", timeoutSeconds: undefined, signal: new AbortController().signal };

function typeOf(token: string) {
  const type = random.resourceType(token);
  assert.ok(type);
  return type;
}

async function generate(given: Record<string, boolean | number | string>): Promise<string> {
  const { inputs, failures } = passwordType.check(given, context, {});
  assert.deepEqual(failures, []);
  const { outputs } = await passwordType.create({}, { ...operation, inputs });
  return textAt(outputs, "result");
}

test("a password has the length asked for and only the characters allowed", async () => {
  const digits = await generate({ length: 40, lower: false, upper: false, special: false });
  assert.match(digits, /^[0-9]{40}$/);
  const special = await generate({
    length: 12,
    lower: false,
    upper: false,
    numeric: false,
    overrideSpecial: "_",
  });
  assert.equal(special, "_".repeat(12));
});

test("a password has at least as many characters of each class as asked for", async () => {
  const minima = { length: 8, minLower: 2, minUpper: 2, minNumeric: 2, minSpecial: 2 };
  const password = await generate({ ...minima, overrideSpecial: "-" });
  const counts = [/[a-z]/g, /[A-Z]/g, /[0-9]/g, /-/g].map(
    (characters) => password.match(characters)?.length,
  );
  assert.deepEqual(counts, [2, 2, 2, 2]);
});

test("two passwords differ", async () => {
  assert.notEqual(await generate({ length: 32 }), await generate({ length: 32 }));
});

const refused: { given: Record<string, boolean | number | string>; reason: string }[] = [
  {
    given: { length: 3, minLower: 2, minUpper: 2 },
    reason: "length is 3, but minLower, minUpper, minNumeric and minSpecial ask for 4 characters",
  },
  {
    given: { length: 8, lower: false, upper: false, numeric: false, special: false },
    reason: "at least one of lower, upper, numeric and special has to be true",
  },
  { given: { lower: true }, reason: "length is required" },
  { given: { length: "8" }, reason: "length has to be of kind integer" },
  {
    given: { length: 8, seed: "1" },
    reason:
      "the stand-in for the random plugin does not implement the argument seed; use the official plugin",
  },
];

for (const { given, reason } of refused) {
  test(`refuses ${JSON.stringify(given)}`, () => {
    const { failures } = passwordType.check(given, context, {});
    assert.deepEqual(
      failures.map((failure) => failure.reason),
      [reason],
    );
  });
}

test("the inputs stay as they are given; the outputs have the defaults", async () => {
  const given = { length: 8, number: false, special: null };
  const { inputs, failures } = passwordType.check(given, context, {});
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs, { length: 8, number: false });
  const { outputs } = await passwordType.create({}, { ...operation, inputs });
  assert.match(textAt(outputs, "result"), /^\D{8}$/);
  const rest = { ...outputs };
  delete rest.result;
  assert.deepEqual(rest, {
    length: 8,
    lower: true,
    upper: true,
    number: false,
    numeric: false,
    special: true,
    minLower: 0,
    minUpper: 0,
    minNumeric: 0,
    minSpecial: 0,
  });
});

test("a default that is written out, or not any more, is no change", () => {
  const written = { length: 8, lower: true, number: true, minSpecial: 0 };
  for (const [previous, next] of [
    [{ length: 8 }, written],
    [written, { length: 8 }],
  ] as const) {
    assert.deepEqual(passwordType.difference(previous, next, {}, {}).changes, []);
  }
});

test("a change of any argument makes a new value", () => {
  const { replaces } = passwordType.difference({ length: 8 }, { length: 9 }, {}, {});
  assert.deepEqual(replaces, ["length"]);
});

test(
  "the engine keeps a password, replaces it when its keeper changes, and never shows it",
  {
    skip: skipWithoutEngine,
  },
  async () => {
    const program = (keeper: string) => () => {
      const password = new randomPackage.RandomPassword("password", {
        length: 24,
        keepers: { keeper },
      });
      const name = new randomPackage.RandomString("name", { length: 6, special: false });
      const id = new randomPackage.RandomId("id", { byteLength: 4, prefix: "id-" });
      return Promise.resolve({ password: password.result, name: name.result, id: id.hex });
    };
    const engine = await Engine.start(program("one"), ["random"]);
    after(() => {
      engine.stop();
    });
    assert.deepEqual(await engine.preview(), { create: 4 });
    assert.deepEqual(await engine.up(), { create: 4 });
    const first = await engine.outputs();
    assert.equal(String(first.password).length, 24);
    assert.match(String(first.name), /^[A-Za-z0-9]{6}$/);
    assert.match(String(first.id), /^id-[0-9a-f]{8}$/);
    assert.deepEqual(await engine.up(), { same: 4 });
    assert.deepEqual(await engine.refresh(), { same: 4 });
    assert.deepEqual(await engine.outputs(), first);
    const { text } = engine.state();
    assert.ok(!text.includes(String(first.password)), "the state shows the password");
    assert.ok(text.includes(String(first.name)), "the state lacks the name");
    assert.deepEqual(await engine.up(program("two")), { replace: 1, same: 3 });
    assert.notEqual((await engine.outputs()).password, first.password);
    assert.ok(
      !engine.output.join("").includes(String(first.password)),
      "the log shows the password",
    );
    assert.deepEqual(await engine.destroy(), { delete: 4 });
  },
);
