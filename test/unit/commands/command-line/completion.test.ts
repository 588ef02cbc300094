/** What `istio-auth0 completion` prints completes commands, options, stacks, projects and files in bash and zsh. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { completionScript } from "../../../../commands/command-line/completion";
import { rootCommand } from "../../../../commands/command-line/root";
import { temporaryFolder } from "../../local/images/reading";

const clone = join(__dirname, "../../../..");

const isThere = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

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
  ["istio-auth0 verify --json READ", ["README.md"]],
  ["istio-auth0 completion ", ["bash", "zsh"]],
];

/** As the shell would call the function; zsh's compinit is only needed to bind it to a key. */
const asked = (line: string) => {
  const words = line.split(" ");
  const quoted = words.map((word) => `'${word}'`).join(" ");
  return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; COMPREPLY=(); _istio_auth0; printf '%s\\n' "\${COMPREPLY[@]}"`;
};

for (const [shell, before] of [
  ["bash", "set -u"],
  ["zsh", "compdef() { :; }"],
] as const) {
  const skip = isThere(shell) ? false : `there is no ${shell}`;
  for (const [line, completed] of expected) {
    test(`${shell}: ${line}`, { skip }, () => {
      const script = `${before}\n${completionScript(rootCommand(), shell)}`;
      // bashcompinit gives a function what bash would, among it arrays that begin with 0.
      const called =
        shell === "zsh" ? `emulate -L ksh -o bash_rematch; ${asked(line)}` : asked(line);
      const { stdout, stderr } = spawnSync(shell, ["-c", `${script}\nask() { ${called}; }; ask`], {
        cwd: clone,
        encoding: "utf8",
      });
      // zsh leaves it to the caller to take those that begin as the last word does.
      const current = line.split(" ").at(-1) ?? "";
      const found = stdout.split("\n").filter((each) => each !== "" && each.startsWith(current));
      assert.deepEqual([found.sort(), stderr], [completed, ""]);
    });
  }
}

test("a file's name is not evaluated", () => {
  const folder = temporaryFolder();
  for (const name of ["Pulumi.yaml", "Pulumi.good.yaml", "Pulumi.$(echo bad).yaml"])
    writeFileSync(join(folder, name), "");
  const script = completionScript(rootCommand(), "bash");
  const { stdout } = spawnSync("bash", ["-c", `${script}\n${asked("istio-auth0 preview ")}`], {
    cwd: folder,
    encoding: "utf8",
  });
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
