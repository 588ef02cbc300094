/** What `istio-auth0 completion` prints completes commands, options, stacks, projects and files in bash and zsh. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completionScript } from "../../../../commands/command-line/completion";
import { rootCommand } from "../../../../commands/command-line/root";
import { temporaryFolder } from "../../local/images/reading";

const clone = join(__dirname, "../../../..");

const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Each line with what completes its last word, from the clone's folder. */
const expected: readonly (readonly [string, readonly string[]])[] = [
  ["istio-auth0 ver", ["verify"]],
  ["istio-auth0 sandbox sta", ["status"]],
  ["istio-auth0 verify --js", ["--json"]],
  ["istio-auth0 verify --all-", ["--all-modes"]],
  ["istio-auth0 preview s", ["sandbox"]],
  ["istio-auth0 preview --project examples/orders ", ["sandbox"]],
  ["istio-auth0 verify --stack de", ["dev"]],
  ["istio-auth0 up --project ", [".", "examples/orders"]],
  ["istio-auth0 token --sign-in ", ["browser"]],
  ["istio-auth0 completion ", ["bash", "zsh"]],
  ["istio-auth0 up --project=ex", ["--project=examples/orders"]],
  ["istio-auth0 up --project=", ["--project=.", "--project=examples/orders"]],
  ["istio-auth0 preview --project=examples/orders ", ["sandbox"]],
  ["istio-auth0 token --sign-in=b", ["--sign-in=browser"]],
  ["istio-auth0 verify --all=", []],
  ["istio-auth0 verify --token READ", []],
];

/** Files, which zsh completes by itself: see below. */
const expectedFiles: typeof expected = [
  ["istio-auth0 verify --json READ", ["README.md"]],
  ["istio-auth0 verify --json=READ", ["--json=README.md"]],
  ["istio-auth0 verify --token ada@example.com=READ", ["ada@example.com=README.md"]],
  ["istio-auth0 verify --token=ada@example.com=READ", ["--token=ada@example.com=README.md"]],
];

/** bash divides words at these, too, and replaces only the last part. */
const dividedByBash = (word: string) => word.split(/([=:@]+)/).filter((part) => part !== "");

const wordsOf = (shell: string, line: string) =>
  line
    .split(" ")
    .flatMap((word) => (shell === "bash" && word !== "" ? dividedByBash(word) : [word]));

/** As the shell would call the function; zsh's compinit is only needed to bind it to a key. */
const asked = (shell: string, line: string) => {
  const words = wordsOf(shell, line);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; COMPREPLY=(); _istio_auth0; printf '%s\\n' "\${COMPREPLY[@]}"`;
};

for (const [shell, before] of [
  ["bash", "set -u"],
  ["zsh", "compdef() { :; }"],
] as const) {
  const skip = isThere(shell) ? false : `there is no ${shell}`;
  for (const [line, completed] of [...expected, ...(shell === "bash" ? expectedFiles : [])]) {
    test(`${shell}: ${line}`, { skip }, () => {
      const script = `${before}\n${completionScript(rootCommand(), shell)}`;
      // bashcompinit gives a function what bash would, among it arrays that begin with 0.
      const emulation = shell === "zsh" ? "emulate -L ksh -o bash_rematch; " : "";
      const called = emulation + asked(shell, line);
      const { stdout, stderr } = spawnSync(shell, ["-c", `${script}\nask() { ${called}; }; ask`], {
        cwd: clone,
        encoding: "utf8",
      });
      const whole = line.split(" ").at(-1) ?? "";
      const last = wordsOf(shell, line).at(-1) ?? "";
      // What stands before the part that is replaced, and stays.
      const lead = /^[=:@]+$/.test(last) ? whole : whole.slice(0, whole.length - last.length);
      // zsh leaves it to the caller to take those that begin as the last word does.
      const found = stdout
        .split("\n")
        .filter((each) => each !== "")
        .map((each) => lead + each)
        .filter((each) => each.startsWith(whole));
      assert.deepEqual([found.sort(), stderr], [completed, ""]);
    });
  }
}

/** What a shell that a person types into runs, and how it is started; each prints a line when it can be typed into. */
const interactive = {
  bash: {
    start: "bash --noprofile --rcfile rc -i",
    setUp: (script: string) => `${script}\nset +o emacs; set -o emacs`,
  },
  zsh: {
    start: "ZDOTDIR=. zsh -d -i",
    setUp: (script: string) => `autoload -U compinit && compinit -u -D\n${script}`,
  },
} as const;

/** Types a line into a shell on a terminal, and gives the words that the command gets. */
async function typed(
  shell: keyof typeof interactive,
  folder: string,
  line: string,
  signal: AbortSignal,
) {
  const { start, setUp } = interactive[shell];
  const script = setUp(completionScript(rootCommand(), shell));
  const told = `istio-auth0() { printf '%s\\n' begin "$@" end; }`;
  for (const file of ["rc", ".zshrc"])
    writeFileSync(join(folder, file), `${script}\n${told}\nPS1='rea''dy'\n`);
  const terminal = spawn("script", ["-qfec", start, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, TERM: "dumb", INPUTRC: "/dev/null" },
    stdio: ["pipe", "pipe", "inherit"],
    signal,
    killSignal: "SIGKILL",
  });
  let seen = "";
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(seen);
        if (found === null) return;
        terminal.stdout.off("data", look);
        resolve(found);
      };
      terminal.stdout.on("data", look);
      for (const end of ["error", "exit"])
        terminal.once(end, () => {
          reject(new Error(`${shell} has ended: ${seen}`));
        });
      look();
    });
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
  try {
    await until(/ready/);
    terminal.stdin.write(`${line}\n`);
    const [, words = ""] = await until(/begin\r?\n([^]*?)end\r?\n/);
    return words.split(/\r?\n/).slice(0, -1);
  } finally {
    // Its shell ends with the terminal.
    terminal.kill("SIGKILL");
  }
}

/** Each line that is typed, `→|` being the Tab key, with the words that the command gets. */
const typedLines: readonly (readonly [string, readonly string[]])[] = [
  ["istio-auth0 verify --json my→|", ["verify", "--json", "my report.json"]],
  ["istio-auth0 verify --json 'my r→|", ["verify", "--json", "my report.json"]],
  ["istio-auth0 verify --json=my→|", ["verify", "--json=my report.json"]],
  ["istio-auth0 verify --json a→|in→|", ["verify", "--json", "a folder/in side"]],
  [
    "istio-auth0 verify --token ada@example.com=my→|",
    ["verify", "--token", "ada@example.com=my report.json"],
  ],
];

for (const shell of ["bash", "zsh"] as const) {
  const skip = isThere(shell) && isThere("script") ? false : `there is no ${shell}, or no script`;
  for (const [line, words] of typedLines) {
    test(`${shell}, typed: ${line}`, { skip, timeout: 30_000 }, async ({ signal }) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "a folder"));
      for (const name of ["my report.json", "a folder/in side"])
        writeFileSync(join(folder, name), "");
      assert.deepEqual(await typed(shell, folder, line.replaceAll("→|", "\t"), signal), words);
    });
  }
}

test("a file's name is not evaluated", () => {
  const folder = temporaryFolder();
  for (const name of ["Pulumi.yaml", "Pulumi.good.yaml", "Pulumi.$(echo bad).yaml"])
    writeFileSync(join(folder, name), "");
  const script = completionScript(rootCommand(), "bash");
  const { stdout } = spawnSync(
    "bash",
    ["-c", `${script}\n${asked("bash", "istio-auth0 preview ")}`],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  assert.equal(stdout, "good\n");
});

test("both scripts have every command and every option of the parser's tree", () => {
  const root = rootCommand();
  for (const shell of ["bash", "zsh"] as const) {
    const script = completionScript(root, shell);
    for (const each of root.commands) {
      assert.ok(script.includes(`":${each.name()}")`), each.name());
      for (const { long } of each.options) assert.ok(script.includes(String(long)));
    }
  }
});
