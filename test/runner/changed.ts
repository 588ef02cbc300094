/** Which files a change concerns: those that import or name a changed file, at any remove. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

function git(root: string, ...args: string[]): readonly string[] {
  const out = execFileSync("git", ["-c", "core.quotePath=off", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return out.split("\n").filter((line) => line !== "");
}

/** The files that git tracks or would track, by their paths in the clone. */
export const trackedFiles = (root: string): readonly string[] =>
  git(root, "ls-files", "--cached", "--others", "--exclude-standard");

/** The files that differ from the last commit, deleted ones included. */
export function changedFiles(root: string): readonly string[] {
  return [
    ...new Set([
      ...git(root, "diff", "--name-only", "HEAD"),
      ...git(root, "ls-files", "--others", "--exclude-standard"),
    ]),
  ];
}

/** The paths that a word in a source may stand for: a path may be without its ending, or with that of what is built. */
const pathsOf = (word: string) => [
  ...["", ".ts", "/index.ts"].map((ending) => word + ending),
  word.replace(/\.js$/, ".ts"),
];

/** The words between quotes. */
const literal = /(["'`])((?:(?!\1)[^\\\n])+)\1/g;

/** The files that a source names: by a path from its own folder, as imports do, or from the clone's. */
function namedBy(file: string, text: string, known: ReadonlySet<string>): readonly string[] {
  return [...text.matchAll(literal)].flatMap(([, , word = ""]) =>
    [join(dirname(file), word), normalize(word)].flatMap((path) =>
      pathsOf(path).filter((one) => known.has(one)),
    ),
  );
}

/**
 * @param changed the changed files' paths
 * @param files every file's path; of those that are sources, the text is read
 * @returns the changed files and those that name them at any remove; or "everything", where no file names a changed one:
 * what reads it cannot be told
 */
export function concernedBy(
  root: string,
  changed: readonly string[],
  files: readonly string[],
): ReadonlySet<string> | "everything" {
  const known = new Set([...files, ...changed]);
  const namers = new Map<string, string[]>();
  for (const file of files.filter((name) => /\.m?ts$|\.mjs$/.test(name))) {
    const path = join(root, file);
    if (!existsSync(path)) continue;
    for (const named of namedBy(file, readFileSync(path, "utf8"), known)) {
      if (named !== file) namers.set(named, [...(namers.get(named) ?? []), file]);
    }
  }
  const isTest = (file: string) => file.endsWith(".test.ts");
  if (changed.some((file) => !namers.has(file) && !isTest(file))) return "everything";
  const concerned = new Set(changed);
  // A set's iteration goes on with what is added meanwhile.
  for (const file of concerned) for (const namer of namers.get(file) ?? []) concerned.add(namer);
  return concerned;
}
