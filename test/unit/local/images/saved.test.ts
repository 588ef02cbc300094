/** An image of a builder's archive is found by what the archive says of it, and gets the name that pods have. */
import assert from "node:assert/strict";
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { UserError } from "../../../../lib/errors";
import { writeImages } from "../../../../local/images/archive";
import { savedImage } from "../../../../local/images/saved";
import type { ImageSpecification } from "../../../../local/images/specification";
import { members, readImages, sha256, temporaryFolder } from "./reading";

const wanted = "registry.example.com/web:1.0";

const image = (reference: string, content = "hello"): ImageSpecification => ({
  reference,
  layers: [[{ kind: "text", path: "srv/index.html", content }]],
  configuration: { Cmd: ["/server"] },
});

type Files = Readonly<Record<string, string | Buffer>>;

/** A tar archive with these files. */
async function tarOf(files: Files): Promise<string> {
  const path = join(temporaryFolder(), "image.tar");
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  await pipeline(tar as AsyncIterable<Uint8Array>, createWriteStream(path));
  return path;
}

/** An archive of an OCI layout. */
const ociArchive = async (...references: readonly string[]) =>
  (
    await writeImages(
      temporaryFolder(),
      references.map((one) => image(one, one)),
    )
  ).archive;

/** What `docker save` or `ko build --tarball` writes: manifest.json, and each file that it names. */
function dockerFiles(tags: readonly string[], architecture = "amd64"): Files {
  const config = JSON.stringify({ architecture, os: "linux", config: {}, rootfs: {} });
  return {
    [sha256(Buffer.from(config))]: config,
    "layer.tar.gz": gzipSync("the layer"),
    "manifest.json": JSON.stringify([
      { Config: sha256(Buffer.from(config)), RepoTags: tags, Layers: ["layer.tar.gz"] },
    ]),
    repositories: "{}",
  };
}

/** The archive of the image that is found, in a file; without what is there already. */
async function written(path: string, there?: ReadonlySet<string>): Promise<string> {
  const { bytes } = await savedImage(path, wanted);
  const file = join(temporaryFolder(), "written.tar");
  await pipeline(bytes(there), createWriteStream(file));
  return file;
}

test("the one image of an OCI archive gets the name, and keeps its layers", async () => {
  const path = await ociArchive("localhost/other:latest");
  const before = await readImages(path);
  const after = await readImages(await written(path));
  assert.deepEqual(
    after.images.map(({ reference, layers }) => ({ reference, layers })),
    before.images.map(({ layers }) => ({ reference: wanted, layers })),
  );
  assert.deepEqual([...after.blobs.keys()], [...before.blobs.keys()]);
});

test("what is there already is left out of an OCI archive, and nothing else", async () => {
  const path = await ociArchive("localhost/other:latest");
  const all = (await members(await written(path))).map(({ name }) => name);
  const [layer = ""] = (await readImages(path)).images.flatMap(({ layers }) => layers);
  const names = (await members(await written(path, new Set([layer])))).map(({ name }) => name);
  assert.deepEqual(
    names,
    all.filter((name) => name !== `blobs/${layer.replace(":", "/")}`),
  );
  assert.equal(names.length, all.length - 1);
});

test("of several images of an OCI archive, the one of the name is found alone", async () => {
  const path = await ociArchive("localhost/other:1", wanted);
  const [, second] = (await readImages(path)).images;
  const { images } = await readImages(await written(path));
  assert.deepEqual(images, [second]);
});

test("an image in Docker's form gets the name, and its files stay", async () => {
  const path = await tarOf(dockerFiles(["ko.local/web:latest"]));
  const files = Object.entries(dockerFiles([wanted])).filter(([name]) => name !== "repositories");
  const found = await members(await written(path));
  assert.deepEqual(
    Object.fromEntries(found.map(({ name, content }) => [name, String(content)])),
    Object.fromEntries(files.map(([name, content]) => [name, String(content)])),
  );
});

test("where an archive has both forms, as of newer Dockers, one names the image", async () => {
  const oci = await members(await ociArchive("localhost/other:1"));
  const both = { ...dockerFiles(["other:1"]) } as Record<string, string | Buffer>;
  for (const { name, type, content } of oci) if (type === "file") both[name] = content;
  const file = await written(await tarOf(both));
  assert.deepEqual(
    (await readImages(file)).images.map(({ reference }) => reference),
    [wanted],
  );
  const names = (await members(file)).map(({ name }) => name);
  assert(!names.includes("manifest.json") && !names.includes("repositories"));
});

const second = "registry.example.com/cart:1.0";

/** Docker's form with an image for each list of tags. */
function severalDocker(...tags: readonly (readonly string[])[]): Files {
  const images = tags.map((names, position) => ({ Config: `${position}.json`, RepoTags: names }));
  return {
    ...Object.fromEntries(
      images.map(({ Config }) => [
        Config,
        JSON.stringify({ architecture: "amd64", os: "linux", of: Config }),
      ]),
    ),
    "manifest.json": JSON.stringify(images),
  };
}

test("of several images in Docker's form, the one with the tag is found, also if that is short", async () => {
  const path = await tarOf(severalDocker(["cart:1.0"], ["web:1.0", "web:latest"]));
  const { digest } = await savedImage(path, "docker.io/library/web:latest");
  const alone = await tarOf({ ...severalDocker([], []), "manifest.json": manifestOf("1.json") });
  assert.equal(digest, (await savedImage(alone, wanted)).digest);
});

const manifestOf = (config: string) => JSON.stringify([{ Config: config, RepoTags: [] }]);

/** An OCI archive with an image for each of these annotations, of no platform in its index. */
function annotated(...all: readonly Readonly<Record<string, string>>[]): Promise<string> {
  const files = all.map((annotations, position) => {
    const config = JSON.stringify({ architecture: "amd64", os: "linux", position });
    const image = JSON.stringify({ config: { digest: sha256(Buffer.from(config)) } });
    return { annotations, config, image, digest: sha256(Buffer.from(image)) };
  });
  const path = (content: string) => `blobs/${sha256(Buffer.from(content)).replace(":", "/")}`;
  const manifests = files.map(({ annotations, digest }) => ({ annotations, digest }));
  return tarOf({
    ...Object.fromEntries(
      files.flatMap(({ config, image }) => [
        [path(config), config],
        [path(image), image],
      ]),
    ),
    "index.json": JSON.stringify({ manifests }),
  });
}

const refName = (name: string) => ({ "org.opencontainers.image.ref.name": name });

test("of several images of an OCI archive, the one of the name in OCI's annotation is found", async () => {
  const first = (await savedImage(await annotated(refName(wanted)), wanted)).digest;
  const path = await annotated(refName(wanted), refName(second));
  assert.equal((await savedImage(path, wanted)).digest, first);
  assert.notEqual((await savedImage(path, second)).digest, first);
  const both = { ...refName("1.0"), "io.containerd.image.name": wanted };
  assert.equal((await savedImage(await annotated(both, refName(second)), wanted)).digest, first);
});

test("an archive may be compressed", async () => {
  const path = await ociArchive("localhost/other:1");
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  assert.equal(
    (await savedImage(`${path}.gz`, wanted)).digest,
    (await savedImage(path, wanted)).digest,
  );
  assert.equal((await readImages(await written(`${path}.gz`))).images.length, 1);
});

test("the digest is the content's: another name changes nothing, another layer does", async () => {
  const digestOf = async (reference: string, content: string) => {
    const { archive } = await writeImages(temporaryFolder(), [image(reference, content)]);
    return (await savedImage(archive, wanted)).digest;
  };
  const digest = await digestOf("localhost/one:1", "hello");
  assert.equal(await digestOf("localhost/two:1", "hello"), digest);
  assert.notEqual(await digestOf("localhost/one:1", "changed"), digest);
  const docker = async (architecture: string, tag: string) =>
    (await savedImage(await tarOf(dockerFiles([tag], architecture)), wanted)).digest;
  assert.equal(await docker("amd64", "one:1"), await docker("amd64", "two:1"));
});

/** An OCI archive whose image has a manifest for each of these platforms. */
async function platforms(nested: boolean, ...names: readonly string[]): Promise<string> {
  const manifests = names.map((name) => {
    const [os, architecture] = name.split("/");
    return { digest: `sha256:${"0".repeat(64)}`, size: 1, platform: { os, architecture } };
  });
  const inner = JSON.stringify({ schemaVersion: 2, manifests });
  const digest = sha256(Buffer.from(inner));
  const outer = { schemaVersion: 2, manifests: [{ digest, size: inner.length }] };
  return tarOf({
    [`blobs/${digest.replace(":", "/")}`]: inner,
    "index.json": nested ? JSON.stringify(outer) : inner,
  });
}

for (const [what, nested] of [
  ["in an index of its own", true],
  ["in the archive's index", false],
] as const)
  test(`an image for several platforms is the node's if it has this one, ${what}`, async () => {
    await savedImage(
      await platforms(nested, "linux/arm64", "linux/amd64", "unknown/unknown"),
      wanted,
    );
  });

const otherPlatform = "has an image for linux/arm64 and windows/amd64: build it for linux/amd64";

for (const [what, path, complaint] of [
  [
    "text",
    () => tarOf({}).then((file) => (writeFileSync(file, "x".repeat(2000)), file)),
    /^is not a tar archive, or not a whole one: /,
  ],
  [
    "a part of an archive",
    async () => {
      const whole = await ociArchive("localhost/one:1");
      writeFileSync(whole, readFileSync(whole).subarray(0, 1600));
      return whole;
    },
    /^is not a tar archive, or not a whole one: /,
  ],
  [
    "a damaged compressed file",
    () => tarOf({}).then((file) => (writeFileSync(file, Buffer.from([0x1f, 0x8b, 1, 2, 3])), file)),
    /^is not a tar archive, or not a whole one: /,
  ],
  [
    "another archive",
    () => tarOf({ "README.md": "read me" }),
    "is a tar archive without index.json or manifest.json, and so no image: save one by docker save, skopeo copy … oci-archive: or ko build --tarball",
  ],
  [
    "an image for another processor",
    () => tarOf(dockerFiles(["web:1"], "arm64")),
    "has an image for linux/arm64: build it for linux/amd64",
  ],
  [
    "one for other platforms",
    () => platforms(true, "linux/arm64", "windows/amd64", "unknown/unknown"),
    otherPlatform,
  ],
  [
    "one with an entry for each of other platforms",
    () => platforms(false, "linux/arm64", "windows/amd64"),
    otherPlatform,
  ],
  [
    "several images of other names",
    () => ociArchive("localhost/one:1", "localhost/two:1"),
    "has 2 images, and none of them has this name: localhost/one:1, localhost/two:1",
  ],
  [
    "several images of the name",
    () => tarOf(severalDocker([wanted], [wanted, "web:1"])),
    "has 2 images with this name",
  ],
  [
    "several images of the name in OCI's form",
    () => annotated(refName(wanted), refName(wanted), refName(second)),
    "has 2 images with this name",
  ],
  [
    "several images without names",
    () => tarOf(severalDocker([], [])),
    "has 2 images, and none of them has this name",
  ],
  [
    "an index that names itself",
    () => {
      const manifests = [{ digest: "sha256:0" }];
      const content = JSON.stringify({ manifests });
      return tarOf({ "index.json": content, "blobs/sha256/0": content });
    },
    "has indexes within each other, more than 3 deep",
  ],
  [
    "an archive without images",
    () => tarOf({ "index.json": JSON.stringify({ manifests: [] }) }),
    "has no image",
  ],
  [
    "an index without its image",
    () => tarOf({ "index.json": JSON.stringify({ manifests: [{ digest: "sha256:0" }] }) }),
    "is not whole: it lacks what its index names",
  ],
] as const)
  test(`refused is ${what}`, async () => {
    const expected =
      typeof complaint === "string"
        ? new UserError(complaint)
        : { name: "UserError", message: complaint };
    await assert.rejects(savedImage(await path(), wanted), expected);
  });
