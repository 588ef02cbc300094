/** `istio-auth0`, as a process of its own: every command's help, errors in one style, and paths from where the user is. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { programs } from "../../../../commands/command-line/programs";
import { argumentsFor } from "../../../support/node";
import { temporaryFolder } from "../../local/images/reading";

const clone = join(__dirname, "../../../..");
const program = argumentsFor("commands/command-line/main.ts");

function run(args: readonly string[], { cwd = clone, env = {} } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], {
    cwd,
    env: { ...process.env, INIT_CWD: undefined, ...env },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

test("the help lists every command, also where nothing is asked", () => {
  const { code, out, err } = run(["--help"]);
  assert.deepEqual([code, err], [0, ""]);
  for (const name of [...Object.keys(programs), "completion"])
    assert.match(out, new RegExp(`^ {2}${name} {2,}\\S`, "m"));
  assert.deepEqual(run([]), { code, out, err });
});

/** The large libraries: none is loaded for a help text. */
const large =
  /node_modules\/(@pulumi|@kubernetes|auth0|google-protobuf|@grpc|jose|openid-client)\/|libraries-/;

/** Has every process note the files that it has loaded, at its end. */
const hook = `process.on("exit", () => {
  const files = Object.keys(require.cache).map((file) => file + "\\n");
  require("node:fs").appendFileSync(process.env.LOADED, files.join(""));
});
`;

for (const name of [...Object.keys(programs), "completion"]) {
  test(`${name} --help: usage, what it does, options and exit codes, in 100 columns, without a large library`, () => {
    const folder = temporaryFolder();
    const [required, loaded] = [join(folder, "hook.cjs"), join(folder, "loaded")];
    writeFileSync(required, hook);
    const env = { NODE_OPTIONS: `--require ${required}`, LOADED: loaded };
    const { code, out, err } = run([name, "--help"], { env });
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, new RegExp(`^Usage: istio-auth0 (sandbox )?${name} \\[options\\]`));
    assert.doesNotMatch(out, /undefined|\n\n\n/);
    for (const part of ["Options:", "  --help ", "Exit codes:"])
      assert.ok(out.includes(`\n${part}`));
    assert.deepEqual(
      out.split("\n").filter((line) => line.length > 100),
      [],
    );
    const files = readFileSync(loaded, "utf8").split("\n");
    assert.ok(
      files.some((file) => file.endsWith("/command-line/main.js")),
      files.join(),
    );
    const sizes = files.filter((file) => large.test(file)).map((file) => statSync(file).size);
    const sum = sizes.reduce((total, size) => total + size, 0);
    assert.ok(sum < 1_000_000, files.join());
  });
}

for (const name of Object.keys(programs)) {
  // What a command has to be told comes second, so that the option is what is wrong.
  test(`${name} --nonsense: one line that says so and where the help is, exit 1`, () => {
    const { code, out, err } = run([name, "--nonsense", "sandbox"]);
    assert.deepEqual([code, out], [1, ""]);
    const called = `istio-auth0 (sandbox )?(${name}|up)`;
    assert.match(
      err,
      new RegExp(`^error: unknown option '--nonsense'\\. See ${called} --help\\.\\n$`),
    );
  });
}

test("--help that is an option's value is no question for help", () => {
  const { code, err } = run(["explain", "--path", "--help"]);
  assert.equal(code, 1);
  assert.match(err, /^error: --path needs a value before --help\n/);
});

test("--version is the package's", () => {
  const { version } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as {
    version: string;
  };
  assert.deepEqual(run(["--version"]), { code: 0, out: `${version}\n`, err: "" });
});

for (const [args, message] of [
  [["verfy"], "unknown command 'verfy' (Did you mean verify?). See istio-auth0 --help."],
  [["--verbose"], "unknown option '--verbose'. See istio-auth0 --help."],
  [["policy-config"], "missing required argument 'STACK'. See istio-auth0 policy-config --help."],
  [
    ["completion", "fish"],
    "command-argument value 'fish' is invalid for argument 'SHELL'. Allowed choices are bash, zsh. See istio-auth0 completion --help.",
  ],
] as const) {
  test(`"${args.join(" ")}" is refused in one line`, () => {
    assert.deepEqual(run(args), { code: 1, out: "", err: `error: ${message}\n` });
  });
}

test("under npm's script of its name, help is found as npm is called", () => {
  const { err } = run(["verify", "--stak"], { env: { npm_lifecycle_event: "verify" } });
  assert.match(err, / See npm run verify -- --help\.\n$/);
});

/** The clone's own, on standard output: more than one test compares with it. */
let printed: ReturnType<typeof run> | undefined;
const ownConfiguration = () => (printed ??= run(["policy-config", "sandbox"]));

test("a path is from where the user is: npm's INIT_CWD, else the working folder", () => {
  const folder = temporaryFolder();
  const { code, out, err } = ownConfiguration();
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(run(["preview", "sandbox", "--policy-config", "-"]).out, out);
  for (const [file, where] of [
    ["working.json", { cwd: folder }],
    ["init.json", { env: { INIT_CWD: folder } }],
  ] as const) {
    const asked = run(["policy-config", "sandbox", file], where);
    assert.deepEqual([asked.code, asked.err], [0, ""]);
    assert.equal(readFileSync(join(folder, file), "utf8"), out);
  }
});

test("in a project's folder it is about that project", () => {
  const inside = run(["policy-config", "sandbox"], { cwd: join(clone, "examples/orders") });
  assert.deepEqual(run(["policy-config", "sandbox", "--project", "examples/orders"]), inside);
  assert.notEqual(inside.out, ownConfiguration().out);
});
