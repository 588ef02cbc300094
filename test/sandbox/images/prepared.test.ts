import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { Failure } from "../../../sandbox/failure";
import type { ImageInputs } from "../../../sandbox/images/images";
import { preparedImages } from "../../../sandbox/images/prepared";
import { readImages, temporaryFolder } from "./reading";

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

const stampIn = (folder: string) =>
  z
    .strictObject({ key: z.string().regex(/^[0-9a-f]{64}$/), archive: z.string() })
    .parse(JSON.parse(readFileSync(join(folder, "prepared.json"), "utf8")));

test("the archive is written once, with a stamp that says what it is made of", async () => {
  const folder = temporaryFolder();
  const archive = await preparedImages(folder, inputs());
  assert.equal((await readImages(archive)).images.length, 10);
  assert.match(archive, new RegExp(`^${folder}/images-[0-9a-f]{16}\\.tar$`));
  assert.equal(stampIn(folder).archive, archive);
  assert.equal((statSync(join(folder, "prepared.json")).mode & 0o777).toString(8), "600");
  assert.deepEqual(readdirSync(folder).sort(), [basename(archive), "prepared.json"]);
});

test("inputs of the same paths, sizes and times are not read again", async () => {
  const folder = temporaryFolder();
  const given = inputs();
  const archive = await preparedImages(folder, given);
  const stamp = statSync(join(folder, "prepared.json"), { bigint: true });
  // Unlike its size and time, the content would give another archive.
  write(given.envoy, "ENVOY");
  assert.equal(await preparedImages(folder, { ...given }), archive);
  assert.deepEqual(statSync(join(folder, "prepared.json"), { bigint: true }).ino, stamp.ino);
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
  test(`an input of another ${what} gives another archive in the place of the first`, async () => {
    const folder = temporaryFolder();
    const given = inputs();
    const first = await preparedImages(folder, given);
    const { key } = stampIn(folder);
    change(given.envoy);
    const second = await preparedImages(folder, given);
    assert.notEqual(second, first);
    assert.equal(stampIn(folder).archive, second);
    assert.notEqual(stampIn(folder).key, key);
    assert.deepEqual(readdirSync(folder).sort(), [basename(second), "prepared.json"]);
  });
}

test("another tag gives other images", async () => {
  const folder = temporaryFolder();
  const given = inputs();
  await preparedImages(folder, given);
  const { images } = await readImages(await preparedImages(folder, { ...given, tag: "1.31.0" }));
  assert.deepEqual(
    images.map(({ reference }) => reference).filter((reference) => reference.includes("/istio/")),
    ["docker.io/istio/pilot:1.31.0", "docker.io/istio/proxyv2:1.31.0"],
  );
});

test("an archive that is gone is written again", async () => {
  const folder = temporaryFolder();
  const given = inputs();
  const archive = await preparedImages(folder, given);
  rmSync(archive);
  assert.equal(await preparedImages(folder, given), archive);
  assert(existsSync(archive));
});

for (const damaged of ["{}", '{"key": "', ""]) {
  test(`a stamp that is damaged (${damaged || "empty"}) is written again`, async () => {
    const folder = temporaryFolder();
    const given = inputs();
    const archive = await preparedImages(folder, given);
    const stamp = stampIn(folder);
    writeFileSync(join(folder, "prepared.json"), damaged);
    assert.equal(await preparedImages(folder, given), archive);
    assert.deepEqual(stampIn(folder), stamp);
  });
}

test("where an input is missing nothing is written", async () => {
  const folder = temporaryFolder();
  const pause = "/nowhere/pause";
  await assert.rejects(
    preparedImages(folder, { ...inputs(), pause }),
    new Failure(
      `cannot write the images: missing pause (${pause}). Build the toolchain again: npm run sandbox.`,
    ),
  );
  assert.deepEqual(readdirSync(folder), []);
});
