/** The tests of the node's supervisor, which is written in Go. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../lib/files";
import { told, type Count } from "./count";

const folder = join(__dirname, "../../local/node");

/** One line of `go test -json` (go doc test2json). */
const event = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Output: z.string().optional(),
});
type Event = z.infer<typeof event>;

function go(program: string, ...args: string[]): { passes: boolean; out: string } {
  const { status, stdout } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  return { passes: status === 0, out: stdout };
}

/** Runs gofmt, go vet and every Go test, and prints what each says. Where Go is not there it says so. */
export function testGo(): readonly Count[] {
  if (spawnSync("go", ["version"]).status !== 0) {
    console.log("left out: the tests of local/node: Go is not on PATH");
    return [];
  }
  const unformatted = go("gofmt", "-l", ".");
  process.stdout.write(unformatted.out);
  return [
    told("Go format", unformatted.passes && unformatted.out === ""),
    told("go vet", go("go", "vet", "./...").passes),
    tests(),
  ];
}

function tests(): Count {
  const { passes, out } = go("go", "test", "-json", "./...");
  const events = out.split("\n").flatMap((line) => event.safeParse(parseJson(line)).data ?? []);
  const ended = (action: string) =>
    events.filter(({ Action, Test }) => Action === action && Test !== undefined);
  for (const one of ended("pass")) console.log(`✔ ${name(one)}`);
  for (const [mark, action] of [
    ["﹣", "skip"],
    ["✖", "fail"],
  ] as const) {
    for (const one of ended(action)) console.log(`${mark} ${name(one)}\n${outputOf(events, one)}`);
  }
  const failed = ended("fail").length;
  if (!passes && failed === 0) process.stdout.write(outputOf(events, {}));
  return {
    passed: ended("pass").length,
    // A package that cannot be built has no test that failed.
    failed: Math.max(failed, Number(!passes)),
    skipped: ended("skip").length,
  };
}

const name = ({ Package = "", Test = "" }: Event) => `${Package} ${Test}`;

/** What a test printed; of all of them where none is named. */
const outputOf = (events: readonly Event[], { Package, Test }: Partial<Event>) =>
  events
    .filter((one) => Test === undefined || (one.Package === Package && one.Test === Test))
    .map(({ Output = "" }) => Output)
    .join("");
