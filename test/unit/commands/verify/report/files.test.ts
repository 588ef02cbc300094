/** A report is written whole and for its owner alone, and an unusable path is refused before anything is sent. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { checkReportFiles, writeReportFiles } from "../../../../../commands/verify/report/files";
import { renderJson } from "../../../../../commands/verify/report/json";
import { everything } from "./reports";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "verify-files-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("every form at once: whole, for the owner alone, and nothing next to them", async (t) => {
  const directory = await folder(t);
  const names = { json: "r.json", junit: "r.xml", markdown: "r.md", html: "r.html" } as const;
  const files = (Object.keys(names) as (keyof typeof names)[]).map((format) => ({
    format,
    path: join(directory, names[format]),
  }));
  await writeFile(join(directory, "r.json"), "an old one, readable by all", { mode: 0o644 });
  await checkReportFiles(files);
  assert.deepEqual(await readdir(directory), ["r.json"]);
  assert.equal(await readFile(join(directory, "r.json"), "utf8"), "an old one, readable by all");
  await writeReportFiles(files, everything);
  assert.deepEqual((await readdir(directory)).sort(), Object.values(names).sort());
  for (const { path } of files) assert.equal((await stat(path)).mode & 0o777, 0o600, path);
  assert.equal(await readFile(join(directory, "r.json"), "utf8"), renderJson(everything));
});

test("one line naming the option, before anything is sent", async (t) => {
  const directory = await folder(t);
  await mkdir(join(directory, "taken"));
  await symlink("/dev/null", join(directory, "link"));
  const refused = (paths: readonly string[], message: string) =>
    assert.rejects(
      checkReportFiles(
        paths.map((path, at) => ({ format: at === 0 ? "json" : "html", path }) as const),
      ),
      { name: "UserError", message },
    );
  const missing = join(directory, "no/where.json");
  await refused(
    [missing],
    `--json ${missing} cannot be written: there is no folder ${directory}/no`,
  );
  await refused(
    ["/proc/r.json"],
    "--json /proc/r.json cannot be written: there is no folder /proc",
  );
  const taken = join(directory, "taken");
  await refused([taken], `--json ${taken}: there is something that is not a file`);
  const link = join(directory, "link");
  await refused([link], `--json ${link}: there is something that is not a file`);
  await refused(["-", "-"], "--json and --html cannot both go to standard output");
  const same = join(directory, "r");
  await refused([same, `${directory}/./r`], `--json and --html cannot both go to ${directory}/./r`);
});
