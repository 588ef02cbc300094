/** Images are archived once for the same inputs, anew when one changes, and the three archives last used are kept. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { UserError } from "../../../../lib/errors";
import type { ImageInputs } from "../../../../local/images/inputs";
import { preparedImages } from "../../../../sandbox/images/prepared";
import { readImages, temporaryFolder } from "../../local/images/reading";
import { endedMark } from "../../../support/makers";

const day = 86_400;

/** Writes a file as if on a day after the first of January 1970. */
function write(path: string, content: string, days = 1): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, days * day, days * day);
}

/** Inputs of a few bytes, none of which is a program. */
function inputs(): ImageInputs {
  const folder = temporaryFolder();
  const file = (name: string): string => {
    write(join(folder, name), name);
    return join(folder, name);
  };
  const iptablesRoot = join(folder, "iptables");
  write(join(iptablesRoot, "usr/sbin/xtables-nft-multi"), "iptables");
  return {
    pause: file("pause"),
    pilotDiscovery: file("pilot-discovery"),
    pilotAgent: file("pilot-agent"),
    envoy: file("envoy"),
    envoyBootstrap: file("bootstrap.json"),
    iptablesRoot,
    node: file("node"),
    tag: "1.30.3",
  };
}

/** Its ldd names no libraries, as the machine's own names none of what is no program, and takes a tenth of the time. */
const tools = temporaryFolder();
symlinkSync("/bin/true", join(tools, "ldd"));
const { PATH = "" } = process.env;

before(() => {
  process.env.PATH = `${tools}${delimiter}${PATH}`;
});

after(() => {
  process.env.PATH = PATH;
});

const prepare = (root: string, given: ImageInputs) =>
  preparedImages(root, given, {
    samples: { registry: "registry.example", tag: "1.20.3" },
    logins: [],
  });

test("the archive is written once, in a folder of its own for what it is made of", async () => {
  const root = temporaryFolder();
  const given = inputs();
  const archive = await prepare(root, given);
  assert.equal((await readImages(archive)).images.length, 10);
  assert.match(archive, new RegExp(`^${root}/[0-9a-f]{16}/images-[0-9a-f]{16}\\.tar$`));
  assert.deepEqual(readdirSync(dirname(archive)), [basename(archive)]);
  assert.deepEqual(readdirSync(root), [basename(dirname(archive))]);
});

test("inputs of the same paths, sizes and times are not read again", async () => {
  const root = temporaryFolder();
  const given = inputs();
  const archive = await prepare(root, given);
  const { ino } = statSync(archive, { bigint: true });
  // Unlike its size and time, the content would give another archive.
  write(given.envoy, "ENVOY");
  assert.equal(await prepare(root, { ...given }), archive);
  assert.equal(statSync(archive, { bigint: true }).ino, ino);
});

for (const [what, change] of [
  [
    "time",
    (path: string) => {
      write(path, "ENVOY", 2);
    },
  ],
  [
    "size",
    (path: string) => {
      write(path, "another");
    },
  ],
] as const) {
  test(`an input of another ${what} gives another archive next to the first`, async () => {
    const root = temporaryFolder();
    const given = inputs();
    const first = await prepare(root, given);
    change(given.envoy);
    const second = await prepare(root, given);
    assert.notEqual(dirname(second), dirname(first));
    assert.deepEqual(
      readdirSync(root).sort(),
      [first, second].map((archive) => basename(dirname(archive))).sort(),
    );
  });
}

test("of four archives the one that was not used for longest is removed", async () => {
  const root = temporaryFolder();
  const given = inputs();
  const tagged = (tag: string) => prepare(root, { ...given, tag });
  const [first, second, third] = [await tagged("1"), await tagged("2"), await tagged("3")];
  for (const [days, archive] of [third, second, first].entries()) {
    utimesSync(dirname(archive), days * day, days * day);
  }
  // It counts as used by being found.
  assert.equal(await tagged("3"), third);
  const fourth = await tagged("4");
  assert.deepEqual(
    [first, second, third, fourth].map((archive) => existsSync(archive)),
    [true, false, true, true],
  );
});

test("another tag gives other images", async () => {
  const folder = temporaryFolder();
  const given = inputs();
  await prepare(folder, given);
  const { images } = await readImages(await prepare(folder, { ...given, tag: "1.31.0" }));
  assert.deepEqual(
    images.map(({ reference }) => reference).filter((reference) => reference.includes("/istio/")),
    ["docker.io/istio/pilot:1.31.0", "docker.io/istio/proxyv2:1.31.0"],
  );
});

test("what a killed run has left unfinished is no archive, and is removed", async () => {
  const root = temporaryFolder();
  const given = inputs();
  const folder = dirname(await prepare(root, given));
  rmSync(folder, { recursive: true });
  const left = `${folder}.unfinished-${endedMark()}`;
  write(join(left, "images-0123456789abcdef.tar"), "unfinished");
  const archive = await prepare(root, given);
  assert.equal((await readImages(archive)).images.length, 10);
  assert(!existsSync(left));
});

test("what killed runs have left of images that no run asks for any more is removed", async () => {
  const root = temporaryFolder();
  const running = "0123456789abcdef.unfinished-1-1";
  const left = ["removed", `unfinished-${endedMark()}`].map((end) => `0123456789abcdef.${end}`);
  for (const name of [running, ...left]) write(join(root, name, "images.tar"), "half");
  const folder = dirname(await prepare(root, inputs()));
  assert.deepEqual(readdirSync(root).sort(), [running, basename(folder)].sort());
});

test("where an input is missing nothing is written", async () => {
  const folder = temporaryFolder();
  const pause = "/nowhere/pause";
  await assert.rejects(
    prepare(folder, { ...inputs(), pause }),
    new UserError(
      `cannot write the images: missing pause (${pause}). Build the toolchain again: npm run sandbox.`,
    ),
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("the project's program is in other images once it, or a source or library of it, has changed", async () => {
  const root = temporaryFolder();
  const given = inputs();
  const folder = temporaryFolder();
  const source = join(folder, "service.ts");
  const service = { image: "registry.example/shop:1.0.0", source };
  const archiveWith = async (file: string, content: string) => {
    write(join(folder, file), content);
    return preparedImages(root, given, { service, logins: [] });
  };
  write(join(folder, "application.ts"), "");
  write(join(folder, "word.ts"), "export const word = 1;");
  write(join(folder, "package-lock.json"), "1");
  const first = await archiveWith(
    "service.ts",
    'import { word } from "./word"; console.log(word);',
  );
  // The service's program does not have it.
  assert.equal(await archiveWith("application.ts", "export const application = 1;"), first);
  const second = await archiveWith("word.ts", "export const word = 2;");
  assert.notEqual(second, first);
  assert.notEqual(await archiveWith("package-lock.json", "2"), second);
});

test("a program of the project's that is missing or wrong is a line each", async () => {
  const folder = temporaryFolder();
  const source = join(folder, "service.ts");
  const made = () =>
    preparedImages(temporaryFolder(), inputs(), {
      service: { image: "registry.example/shop:1.0.0", source },
      logins: [],
    });
  await assert.rejects(
    made(),
    new UserError(`cannot build the services' program: Could not resolve "${source}"`),
  );
  write(source, 'import "./a";\nimport "./b";');
  await assert.rejects(
    made(),
    new UserError(
      [
        `cannot build the services' program: ${source}:1: Could not resolve "./a"`,
        `cannot build the services' program: ${source}:2: Could not resolve "./b"`,
      ].join("\n"),
    ),
  );
});
