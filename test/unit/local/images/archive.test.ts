/** An image archive is a valid OCI layout, the same bytes for the same images, and written whole or not at all. */
import assert from "node:assert/strict";
import {
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors";
import { imageArchive, writeImages } from "../../../../local/images/archive";
import type { Bytes } from "../../../../local/images/layer";
import type { ImageSpecification, Layer } from "../../../../local/images/specification";
import { members, readImages, sha256, temporaryFolder } from "./reading";
import { endedMark } from "../../../support/makers";

/** A folder with the files that images are made of, and one for archives. */
function setUp(): { files: string; directory: string } {
  const files = temporaryFolder();
  // More than one chunk, and no multiple of tar's block.
  writeFileSync(join(files, "program"), Buffer.alloc(3 * 1024 * 1024 + 7, "x"), { mode: 0o600 });
  symlinkSync("program", join(files, "alias"));
  return { files, directory: temporaryFolder() };
}

const shared: Layer = [
  { kind: "folder", path: "tmp", mode: 0o1777 },
  { kind: "text", path: "etc/passwd", content: "root\n" },
];

function images(files: string): ImageSpecification[] {
  const own: Layer = [
    { kind: "file", path: "usr/bin/program", source: join(files, "alias"), mode: 0o755 },
    { kind: "file", path: "usr/share/data", source: join(files, "program") },
    { kind: "link", path: "usr/bin/other", target: "program" },
    { kind: "folder", path: "var/lib/data", mode: 0o700, owner: 1337 },
  ];
  return [
    {
      reference: "docker.io/istio/first:1.0",
      layers: [shared],
      configuration: { User: "1:1", Env: ["A=1"], Entrypoint: ["/first"], WorkingDir: "/" },
    },
    {
      reference: "localhost:5000/second:v2",
      layers: [shared, own],
      configuration: { Cmd: ["second"] },
    },
  ];
}

test("an archive is an OCI image layout whose every digest is right", async () => {
  const { files, directory } = setUp();
  const specifications = images(files);
  const written = await writeImages(directory, specifications);
  assert.deepEqual(written.references, ["docker.io/istio/first:1.0", "localhost:5000/second:v2"]);
  const { images: read, blobs, names } = await readImages(written.archive);

  assert.deepEqual(
    [...blobs].map(([digest, content]) => digest === sha256(content)),
    // Two layers, two configurations, two manifests.
    Array.from({ length: 6 }, () => true),
  );
  assert.equal(names.length, new Set(names).size);
  assert.deepEqual(
    names.filter((name) => !name.startsWith("blobs/sha256")),
    ["blobs", "index.json", "oci-layout"],
  );
  assert.deepEqual(
    read.map(({ reference, configuration }) => ({ reference, configuration })),
    specifications.map(({ reference, configuration }) => ({ reference, configuration })),
  );
  const [first, second] = read;
  assert(first && second);
  assert.deepEqual([first.layers.length, second.layers.length], [1, 2]);
  assert.equal(first.layers[0], second.layers[0]);
  for (const { layers, diffIds } of read) assert.deepEqual(diffIds, layers);
});

test("a layer holds exactly its entries and the folders above them", async () => {
  const { files, directory } = setUp();
  const { archive } = await writeImages(directory, images(files));
  const { images: read, blobs } = await readImages(archive);
  const content = blobs.get(read[1]?.layers[1] ?? "");
  assert(content);
  const program = readFileSync(join(files, "program"));
  const root = { uid: 0, gid: 0 };
  assert.deepEqual(
    (await members(content)).map(({ name, type, mode, uid, gid, linkname, mtime, content }) => ({
      ...{ name, type, mode, uid, gid, linkname, dated: mtime.getTime() },
      content: content.equals(program) ? "program" : content.toString(),
    })),
    [
      { name: "usr", type: "directory", mode: 0o755, ...root },
      { name: "usr/bin", type: "directory", mode: 0o755, ...root },
      { name: "usr/bin/other", type: "symlink", mode: 0o644, ...root, linkname: "program" },
      { name: "usr/bin/program", type: "file", mode: 0o755, ...root, content: "program" },
      { name: "usr/share", type: "directory", mode: 0o755, ...root },
      { name: "usr/share/data", type: "file", mode: 0o644, ...root, content: "program" },
      { name: "var", type: "directory", mode: 0o755, ...root },
      { name: "var/lib", type: "directory", mode: 0o755, ...root },
      { name: "var/lib/data", type: "directory", mode: 0o700, uid: 1337, gid: 1337 },
    ].map((entry) => ({ linkname: null, content: "", dated: 0, ...entry })),
  );
  const tmp = (await members(blobs.get(read[0]?.layers[0] ?? "") ?? Buffer.of())).at(-1);
  assert.deepEqual([tmp?.name, tmp?.mode], ["tmp", 0o1777]);
});

test("the same images give the same bytes, for any order, dates and modes of their files", async () => {
  const { files, directory } = setUp();
  const first = await writeImages(directory, images(files));
  utimesSync(join(files, "program"), 1, 1);
  const reversed = images(files).map((image) => ({
    ...image,
    layers: image.layers.map((layer) => [...layer].reverse()),
  }));
  const second = await writeImages(temporaryFolder(), reversed);
  assert.equal(second.digest, first.digest);
  assert.equal(basename(second.archive), basename(first.archive));
  assert.equal(sha256(readFileSync(second.archive)), sha256(readFileSync(first.archive)));
});

test("an image's own archive lacks what the reader has, and nothing else", async () => {
  const [, image] = images(setUp().files);
  assert.ok(image);
  const { bytes } = await imageArchive(image);
  const namesIn = async (content: Bytes) =>
    (await members(await buffer(content))).map(({ name }) => name);
  const all = await namesIn(bytes());
  const [blob = ""] = all.filter((name) => /[0-9a-f]{64}$/.test(name));
  const there = new Set([blob.replace(/^blobs\/sha256\//, "sha256:")]);
  assert.deepEqual(
    await namesIn(bytes(there)),
    all.filter((name) => name !== blob),
  );
});

test("an archive that stands is left as it is", async () => {
  const { files, directory } = setUp();
  const first = await writeImages(directory, images(files));
  const before = statSync(first.archive, { bigint: true });
  assert.deepEqual(await writeImages(directory, images(files)), first);
  const { ino, mtimeNs } = statSync(first.archive, { bigint: true });
  assert.deepEqual([ino, mtimeNs], [before.ino, before.mtimeNs]);
});

test("other contents give another archive, and only it stays", async () => {
  const { files, directory } = setUp();
  const first = await writeImages(directory, images(files));
  writeFileSync(`${first.archive}.unfinished-${endedMark()}.1`, "what a killed run left");
  writeFileSync(join(directory, "other.tar"), "not ours");
  writeFileSync(join(files, "program"), "changed");
  const second = await writeImages(directory, images(files));
  assert.notEqual(second.digest, first.digest);
  assert.deepEqual(readdirSync(directory).sort(), [basename(second.archive), "other.tar"].sort());
});

test("a failure leaves no archive and no part of one", async () => {
  const { files, directory } = setUp();
  const broken: ImageSpecification = {
    reference: "docker.io/istio/broken:1",
    layers: [[{ kind: "file", path: "gone", source: join(files, "gone") }]],
    configuration: {},
  };
  await assert.rejects(writeImages(directory, [broken]), {
    message: `ENOENT: no such file or directory, stat '${join(files, "gone")}'`,
  });
  assert.deepEqual(readdirSync(directory), []);
});

test("a layer cannot hold two things at one path", async () => {
  const { directory } = setUp();
  const layer = (content: string): Layer => [
    { kind: "text", path: "a", content: "same" },
    { kind: "text", path: "a", content },
  ];
  const image = (content: string): ImageSpecification => ({
    reference: "docker.io/istio/twice:1",
    layers: [layer(content)],
    configuration: {},
  });
  await assert.rejects(writeImages(directory, [image("other")]), {
    message: "a layer holds two different entries at a",
  });
  const { archive } = await writeImages(directory, [image("same")]);
  const { images: read, blobs } = await readImages(archive);
  const content = blobs.get(read[0]?.layers[0] ?? "");
  assert(content);
  assert.deepEqual(
    (await members(content)).map(({ name }) => name),
    ["a"],
  );
});

test("a name that is not in full, or comes twice, is refused before anything is written", async () => {
  const { directory } = setUp();
  const named = (reference: string): ImageSpecification => ({
    reference,
    layers: [],
    configuration: {},
  });
  for (const reference of [
    "pause:3.10",
    "istio/pilot:1",
    "docker.io/istio/pilot",
    "docker.io/Istio/pilot:1",
    "docker.io/istio/pilot:",
    "https://docker.io/istio/pilot:1",
  ]) {
    await assert.rejects(
      writeImages(directory, [named(reference)]),
      new UserError(
        `cannot write the image "${reference}": its name needs registry, path and tag in full, as in docker.io/istio/pilot:1.30.3`,
      ),
    );
  }
  const twice = "registry.k8s.io/pause:3.10";
  await assert.rejects(
    writeImages(directory, [named(twice), named(twice)]),
    new UserError(`cannot write the image "${twice}": it is named twice`),
  );
  assert.deepEqual(readdirSync(directory), []);
});
