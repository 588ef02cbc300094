/** The library knows nothing of the root's application: no file of its rooms has the application's names. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { application } from "../../application";

const root = join(__dirname, "../..");
const rooms = ["components", "commands", "sandbox", "local", "lib", "policies"];

/** Where the names may be, by the beginning of a file's path, and why. */
const exceptions = {
  "sandbox/apps/": "the programs that stand in for Istio's sample images",
  "sandbox/images/applications.ts": "builds those programs",
  "sandbox/images/samples.ts": "the stand-ins' images, by the names that Istio publishes",
  "commands/bench/":
    "measures this repository's own stack, and adds services to a copy of its table",
};

/** Service names that are also words of English or of HTML: they are looked for as a path, a host, a value or an image. */
const ordinary = new Set(["details"]);

function patternOf(name: string): RegExp {
  if (!ordinary.has(name)) return new RegExp(`\\b${name}\\b`, "i");
  return new RegExp(`(?<!<)/${name}\\b|["'\`]${name}["'\`]|\\b${name}(-v\\d|\\.|:\\d)`);
}

const { name, title, services, permissions } = application;
const patterns = [name, title, ...Object.keys(services), ...Object.keys(permissions)].map(
  patternOf,
);

const files = globSync(
  rooms.map((room) => `${room}/**/*.{ts,mjs,go,md,css,json,yaml}`),
  { cwd: root },
).filter((file) => !file.includes("node_modules"));

/** The lines of a file that have one of the names, as `FILE:LINE: TEXT`. */
function linesWithNames(file: string): string[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, position) =>
      patterns.some((pattern) => pattern.test(line))
        ? [`${file}:${position + 1}: ${line.trim()}`]
        : [],
    );
}

test("no room of the library has a name of the root's application", () => {
  assert.ok(files.length > 400, `${files.length} files`);
  const allowed = Object.keys(exceptions);
  const checked = files.filter((file) => !allowed.some((place) => file.startsWith(place)));
  assert.deepEqual(checked.flatMap(linesWithNames), []);
});

for (const [place, reason] of Object.entries(exceptions)) {
  test(`${place} has such names: ${reason}`, () => {
    const those = files.filter((file) => file.startsWith(place));
    assert.notDeepEqual(those.flatMap(linesWithNames), []);
  });
}
