/** Stack files as this project reads and writes them, next to what the Pulumi CLI itself makes of them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { z } from "zod";
import type { Scalar } from "../../components/settings/plain";
import { readYaml, writeYaml } from "../../commands/stack/pulumi-yaml";
import { parseStackFile } from "../../commands/stack/stack-file";
import { temporaryFolder } from "../unit/local/images/reading";
import { pulumiExecutable, skipWithoutEngine } from "./engine";

const skip = skipWithoutEngine;
const folder = temporaryFolder();

const environment = {
  PULUMI_HOME: join(folder, "home"),
  PULUMI_BACKEND_URL: `file://${join(folder, "backend")}`,
  PULUMI_CONFIG_PASSPHRASE: "",
  PULUMI_SKIP_UPDATE_CHECK: "true",
};

async function pulumi(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    pulumiExecutable ?? "",
    [...args, "--non-interactive", "--stack", "dev"],
    { cwd: folder, env: environment },
  );
  return stdout;
}

before(async () => {
  if (skip !== false) return;
  mkdirSync(join(folder, "backend"));
  writeFileSync(join(folder, "Pulumi.yaml"), "name: shop\nruntime: nodejs\n");
  await pulumi("stack", "init");
});

const printed = z.record(
  z.string(),
  z.object({ value: z.string(), objectValue: z.unknown().optional() }),
);

type Config = Readonly<Record<string, unknown>>;

let files = 0;

/** The configuration that Pulumi reads, by full key; a value that is no object is text. */
async function asPulumiReads(text: string): Promise<Config> {
  const file = join(folder, `${(files += 1)}.yaml`);
  writeFileSync(file, text);
  const out = await pulumi("config", "--json", "--show-secrets", "--config-file", file);
  return Object.fromEntries(
    Object.entries(printed.parse(JSON.parse(out))).map(([key, { value, objectValue }]) => [
      key,
      objectValue ?? value,
    ]),
  );
}

/** The same as this project reads it. */
function asWeRead(text: string): Config {
  const { config } = parseStackFile(text, "Pulumi.dev.yaml", "shop");
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === "object" && value !== null
        ? asPrinted(value)
        : String((value ?? "") as Scalar),
    ]),
  );
}

/** `pulumi config` prints a long number with fewer digits than Pulumi keeps. */
const asPrinted = (value: object): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, field: unknown) =>
      typeof field === "bigint" ? Number(field) : field,
    ),
  );

/** Each is a value in an object, in a list, in a flow list, and a setting of its own. */
const plain = [
  ...[
    "1.30",
    "1234",
    "0123",
    "0189",
    "08.5",
    "0o17",
    "0o8",
    "0x1F",
    "-0x1F",
    "0b101",
    "0b2",
    "1e3",
  ],
  ...[
    "1_000",
    "_1",
    "1__0",
    "0x_1F",
    "+1",
    "-1",
    "-0",
    ".5",
    "5.",
    "-.5",
    "1.5e+3",
    "1e400",
    "0.10",
  ],
  ...["12345678901234567890", "9007199254740993", "123456789012345678901", "18446744073709551616"],
  ...["-9223372036854775808", "0777777777777777777777", "1.2.3", "1,000x", "12:30", "190:20:30"],
  ...[
    "true",
    "True",
    "TRUE",
    "tRUE",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "N",
    "null",
    "Null",
    "~",
    "nil",
  ],
  ...["2026-11-28", "2026-1-2", "2026-13-01", "2026-02-30", "2026-11-28 10:11:12"],
  ...["2026-11-28T10:11:12Z", "2026-11-28t10:11:12.50Z", "2026-11-28T10:11:12+05:45"],
  ...["2026-11-28 10:11:12 +1", "=", "!!str 12", "!!int '3'", "!!float 3", "!!bool 'true'"],
  ...["!!null ''", "!!binary aGVsbG8=", "!!timestamp '2026-11-28'", "!other 12", "'12'", '"1.30"'],
  ...[
    "a: b".replace(": ", ":"),
    "x#y",
    "'it''s'",
    '"\\u00e9\\x41\\n\\t"',
    "https://a.example/b?c=d",
  ],
];

/** Below a key, at four spaces. */
const structures: Readonly<Record<string, string>> = {
  "a single-quoted PEM whose lines are not indented":
    "'-----BEGIN CERTIFICATE-----\n\nabc\n\n-----END CERTIFICATE-----'",
  "a double-quoted PEM whose lines are not indented": '"-----BEGIN\nabc\n\n-----END"',
  "a single-quoted PEM whose lines are indented":
    "'-----BEGIN\n\n      abc\n\n      -----END\n\n      '",
  "a quoted text with tabs between its lines": "'x\t\n\t y'",
  "an escaped end of a line": '"a\\\n      b"',
  "a plain text of several lines": "-----BEGIN\n      abc\n\n      def",
  "a literal text": "|\n      a\n\n       b\n",
  "a literal text without its last end": "|-\n      a\n",
  "a literal text with all of its ends": "|+\n      a\n\n",
  "a literal text with an indentation of its own": "|2\n        a\n       b\n",
  "a literal text that begins with an empty line": "|\n\n      a\n",
  "a folded text": ">\n      a\n      b\n\n      c\n       d\n      e\n",
  "a list whose lines are not indented": "[x,\ny\n]",
  "an object whose lines are not indented": "{x: y,\nz: {u: 'v\n\nw'}\n}",
  "a list at the indentation of its key": "\n    - a\n    - - b\n    - c: d\n      e: f",
  "keys that are no text": "{1: a, 0x10: b, true: c, ~: d, 1.50: e, yes: f, 2026-11-28: g}",
  "an anchor, its alias, and merge keys":
    "\n      a: &a {x: 1, y: 2}\n      b: *a\n      c: {<<: *a, y: 3}\n      d: {y: 4, <<: [*a, {z: 5}]}",
  "a key with spaces, one in quotes and one with a question mark":
    '\n      a : b\n      "c": d\n      ? e\n      : f',
  nothing: "",
  comments: "# one\n      # two\n      { a: b } # three",
  "a JSON text": "'{\"a\": [1, null]}'",
};

test("each value of one line is what Pulumi reads", { skip }, async () => {
  const text = plain.map((value, index) => {
    // They end a text in a list in brackets.
    const inside = /[,?]/.test(value) ? "x" : value;
    const object = `{v: ${inside}, l: [${inside}]}`;
    return `  p:a${index}:\n    v: ${value}\n    l:\n      - ${value}\n      - ${object}\n  p:s${index}: ${value}\n`;
  });
  const ours = asWeRead(`config:\n${text.join("")}`);
  const theirs = await asPulumiReads(`config:\n${text.join("")}`);
  plain.forEach((value, index) => {
    assert.deepEqual(ours[`p:a${index}`], theirs[`p:a${index}`], value);
    assert.equal(ours[`p:s${index}`], theirs[`p:s${index}`], value);
  });
  assert.equal(Object.keys(theirs).length, 2 * plain.length);
});

test("each value of several lines is what Pulumi reads", { skip }, async () => {
  const text = Object.values(structures).map(
    (value, index) => `  p:a${index}:\n    v: ${value}\n    w: x\n`,
  );
  const ours = asWeRead(`config:\n${text.join("")}`);
  const theirs = await asPulumiReads(`config:\n${text.join("")}`);
  Object.keys(structures).forEach((what, index) => {
    assert.notEqual(theirs[`p:a${index}`], undefined, what);
    assert.deepEqual(ours[`p:a${index}`], theirs[`p:a${index}`], what);
  });
});

for (const [what, text] of Object.entries({
  "is empty": "",
  "begins with a byte order mark and ends its lines as Windows does":
    "\ufeffconfig:\r\n  p:a: |\r\n    b\r\n    c\r\n  p:d: 'e\r\n\r\n    f'\r\n",
  "has more documents than one": "--- # one\nconfig: {p:a: b}\n---\nconfig: {p:a: c}\n",
  "is JSON, has keys without a namespace and in the older form, and other parts":
    '{"encryptionsalt": "v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:AA==", "config": {"a": {"b": 1},\n"p:config:c": "d", "shop:e": "f"}}\n',
}))
  test(`a file that ${what} is what Pulumi reads`, { skip }, async () => {
    assert.deepEqual(asWeRead(text), await asPulumiReads(text));
  });

for (const [what, text] of Object.entries({
  "has a key twice": "config:\n  p:a: {b: 1, b: 2}\n",
  "has a tab for an indentation": "config:\n\tp:a: b\n",
  "names an anchor that is not there": "config: {p:a: *b}\n",
  "has a number that is none": "config: {p:a: {b: .inf}}\n",
  "is of YAML 1.2": "%YAML 1.2\n---\nconfig: {p:a: b}\n",
  "is a list": "- config\n",
}))
  test(`a file that ${what} is refused, as by Pulumi`, { skip }, async () => {
    assert.throws(() => asWeRead(text), {
      name: "UserError",
      message: /^Pulumi\.dev\.yaml is not/,
    });
    await assert.rejects(asPulumiReads(text));
  });

test("what we write is what Pulumi reads, and so do we", { skip }, async () => {
  const texts = [
    ...plain,
    ...Object.values(structures),
    " x",
    "x ",
    "\u2028",
    "\u0007",
    "- a",
    "a: b",
  ];
  // A text that begins with an empty line is not what Pulumi reads, by either writer.
  const values = texts.filter((text) => !text.startsWith("\n"));
  const config = Object.fromEntries(
    values.map((text, index) => [`p:a${index}`, { v: text, l: [text], [text]: index }]),
  );
  const numbers = { "p:n": { a: 1, b: -1.5, c: 1e21, d: 12345678901234567890n, e: true, f: null } };
  const written = writeYaml({ config: { ...config, ...numbers } });
  assert.deepEqual(await asPulumiReads(written), asPrinted({ ...config, ...numbers }));
  assert.deepEqual(readYaml(written).value, { config: { ...config, ...numbers } });
});
