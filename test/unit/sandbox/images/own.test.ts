/** The stack's own images: what may be written, what is wrong with it, and what each is made of. */
import assert from "node:assert/strict";
import fs, { chmodSync, createWriteStream, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { application } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { writeImages } from "../../../../local/images/archive";
import { ownImageProblems, ownImages, sourcesOf } from "../../../../sandbox/images/own";
import { members, readImages, temporaryFolder } from "../../local/images/reading";

const reference = "registry.example.com/web:1.0";

const settings = (images: unknown) => ({ sandbox: { images } });

/** The beginning of a program for a processor. */
function programFor(processor: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.writeUInt16LE(processor, 18);
  return header;
}

/** In place of Node, which is large. */
const node = join(temporaryFolder(), "node");
writeFileSync(node, "node");

/** A folder with these files. */
function projectWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** The image of a source, as the node reads it: its configuration, and the paths of its own layers with their contents. */
async function made(folder: string, source: unknown) {
  const sources = sourcesOf(settings({ [reference]: source }));
  const [image] = await ownImages(folder, sources, node);
  assert(image);
  const archive = join(temporaryFolder(), "image.tar");
  await pipeline(image.bytes(), createWriteStream(archive));
  const { images, blobs } = await readImages(archive);
  const [read] = images;
  assert(read);
  const all = await Promise.all(
    read.layers.map((digest) => members(blobs.get(digest) ?? Buffer.of())),
  );
  const files = all
    .flat()
    .filter(({ name, type }) => type !== "directory" && !name.startsWith("etc"));
  return {
    digest: image.digest,
    name: image.name,
    reference: read.reference,
    configuration: read.configuration,
    files: Object.fromEntries(
      files.map(({ name, type, mode, linkname, content }) => [
        name,
        {
          mode,
          content: type === "symlink" ? linkname : content.subarray(0, 20).toString("latin1"),
        },
      ]),
    ),
  };
}

const asNode = {
  User: "1000:1000",
  Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  WorkingDir: "/",
};

test("a static program is the image's only file, and what it starts", async () => {
  const folder = projectWith({ "bin/server": programFor(62) });
  const { files, ...image } = await made(folder, { binary: "bin/server", args: ["-port", "80"] });
  assert.deepEqual(image.configuration, {
    ...asNode,
    Entrypoint: ["/app/server"],
    Cmd: ["-port", "80"],
  });
  assert.deepEqual([image.name, image.reference], [reference, reference]);
  assert.deepEqual(Object.keys(files), ["app/server"]);
  assert.equal(files["app/server"]?.mode, 0o755);
});

test("a folder is copied, with its programs and links, and runs its command with Node", async () => {
  const folder = projectWith({
    "web/server.js": "serve()",
    "web/node_modules/a/index.js": "a",
    "web/.git/HEAD": "ref",
    "web/run.sh": "#!/bin/sh",
  });
  chmodSync(join(folder, "web/run.sh"), 0o700);
  symlinkSync("a", join(folder, "web/node_modules/b"));
  const { files, configuration } = await made(folder, {
    folder: "web",
    command: ["node", "server.js"],
  });
  assert.deepEqual(configuration, {
    ...asNode,
    Entrypoint: ["node", "server.js"],
    WorkingDir: "/app",
  });
  const { "usr/local/bin/node": runtime, ...own } = files;
  assert.deepEqual(runtime, { mode: 0o755, content: "node" });
  assert.deepEqual(
    Object.fromEntries(Object.entries(own).filter(([path]) => path.startsWith("app"))),
    {
      "app/node_modules/a/index.js": { mode: 0o644, content: "a" },
      "app/node_modules/b": { mode: 0o644, content: "a" },
      "app/run.sh": { mode: 0o755, content: "#!/bin/sh" },
      "app/server.js": { mode: 0o644, content: "serve()" },
    },
  );
});

test("a folder whose command is another program has no Node", async () => {
  const folder = projectWith({ "web/server": "program" });
  const { files } = await made(folder, { folder: "web", command: ["./server"] });
  assert.deepEqual(Object.keys(files), ["app/server"]);
});

test("a program for Node is run by it", async () => {
  const folder = projectWith({
    "tools/echo.mts":
      'import { word } from "./word";\nconst text: string = word;\nawait echo(text);',
    "tools/word.ts": 'export const word = "hello";',
    "old.js": "require('node:fs'); echo()",
  });
  const { files, configuration } = await made(folder, { program: "tools/echo.mts" });
  assert.deepEqual(configuration, {
    ...asNode,
    Entrypoint: ["node", "/app/echo.mjs"],
    Cmd: [],
    WorkingDir: "/app",
  });
  assert.deepEqual(
    Object.keys(files).filter((path) => path.startsWith("app/")),
    ["app/echo.mjs"],
  );
  const old = await made(folder, { program: "old.js" });
  assert.ok(old.files["app/old.js"]);
  assert(files["usr/local/bin/node"]);
});

test("files have a server", async () => {
  const folder = projectWith({ "public/a/index.html": "<p>" });
  const { files, configuration } = await made(folder, { files: "public" });
  assert.deepEqual(configuration, { ...asNode, Entrypoint: ["node", "/opt/files.js"] });
  assert.equal(files["srv/a/index.html"]?.content, "<p>");
  assert(files["opt/files.js"]);
});

test("an archive is named by a text", async () => {
  const folder = temporaryFolder();
  const { archive } = await writeImages(folder, [
    { reference: "localhost/other:1", layers: [], configuration: { Cmd: ["/x"] } },
  ]);
  for (const source of [
    archive.slice(folder.length + 1),
    { archive: archive.slice(folder.length + 1) },
  ])
    assert.deepEqual((await made(folder, source)).configuration, { Cmd: ["/x"] });
});

test("a short name is completed", async () => {
  const folder = projectWith({ server: programFor(62) });
  const [image] = await ownImages(folder, sourcesOf(settings({ "web:1": { binary: "server" } })));
  assert.equal(image?.name, "docker.io/library/web:1");
});

test("a changed file changes the digest of its image", async () => {
  const folder = projectWith({ "web/server": "one" });
  const source = { folder: "web", command: ["./server"] };
  const { digest } = await made(folder, source);
  assert.equal((await made(folder, source)).digest, digest);
  writeFileSync(join(folder, "web/server"), "two");
  assert.notEqual((await made(folder, source)).digest, digest);
});

test("of a folder that several images have, each file is read once before the images are written", async (t) => {
  const folder = projectWith({ "web/server": "one" });
  const source = (command: string) => ({ folder: "web", command: [command] });
  const sources = sourcesOf(settings({ "a:1": source("./server"), "b:1": source("./other") }));
  const read = t.mock.method(fs, "readFileSync");
  const [first, second] = await ownImages(folder, sources, node);
  const files = read.mock.calls.map(({ arguments: [path] }) => path);
  assert.deepEqual(files, [join(folder, "web/server")]);
  assert.notEqual(first?.digest, second?.digest);
});

const shape =
  "the path of an archive, or an object with archive, with binary or program (and args), with folder and command, or with files";

test("every mistake in the shape is named with its place", () => {
  const problems = settingsProblems(
    application,
    settings({
      "localhost/a:1": ["x"],
      "localhost/b:1": { binery: "x" },
      "localhost/c:1": { binary: "x", folder: "y" },
      "localhost/d:1": { folder: "web" },
      "localhost/e:1": { folder: "web", command: [] },
      "localhost/f:1": { binary: "" },
      "localhost/UPPER:1": "x.tar",
    }),
  ).filter((line) => line.startsWith("sandbox"));
  assert.deepEqual(problems, [
    `sandbox.images["localhost/a:1"]: found a list, expected ${shape}`,
    `sandbox.images["localhost/b:1"]: found an object with binery, expected ${shape}`,
    `sandbox.images["localhost/c:1"]: found an object with binary, folder, expected ${shape}`,
    `sandbox.images["localhost/d:1"].command: found nothing, expected the command that runs in the folder, such as [node, server.js]`,
    `sandbox.images["localhost/e:1"].command: found an empty list, expected the command that runs in the folder, such as [node, server.js]`,
    `sandbox.images["localhost/f:1"].binary: found empty text, expected the path of a program for Linux, relative to the project's folder`,
    `sandbox.images["localhost/UPPER:1"]: found "x.tar", expected the name of an image as pods have it, such as registry.example.com/web:1.2.0`,
  ]);
  assert.deepEqual(sourcesOf(settings({ "localhost/a:1": ["x"] })), {});
});

test("each image has one name, which is not one of the sandbox's own images", async () => {
  const folder = projectWith({ server: programFor(62) });
  const source = { binary: "server" };
  const problems = await ownImageProblems(
    folder,
    sourcesOf(
      settings({
        web: source,
        "docker.io/library/web:latest": source,
        "web:1": source,
        "istio/proxyv2:1.30.3": source,
        "docker.io/istio/pilot:1.30.3": source,
        "istio/proxyv2-tools:1.30.3": source,
        "registry.k8s.io/pause:3.10": source,
        "node:24-alpine": source,
        "node:24": source,
      }),
    ),
  );
  const own = (field: string, name: string) =>
    `sandbox.images${field}: found ${name}, which the sandbox itself has, expected another name`;
  assert.deepEqual(problems, [
    'sandbox.images["docker.io/library/web:latest"]: found another way to write web, expected each image once',
    own('["istio/proxyv2:1.30.3"]', "docker.io/istio/proxyv2:1.30.3"),
    own('["docker.io/istio/pilot:1.30.3"]', "docker.io/istio/pilot:1.30.3"),
    own('["registry.k8s.io/pause:3.10"]', "registry.k8s.io/pause:3.10"),
    own(".node:24-alpine", "docker.io/library/node:24-alpine"),
  ]);
});

test("every mistake in the files is named, and all at once", async () => {
  const folder = projectWith({
    "notes.txt": "x".repeat(2000),
    server: programFor(62),
    arm: programFor(183),
    riscv: programFor(243),
    script: "#!/bin/sh",
    "web/index.js": "",
    "wrong.ts": "const = 1;",
  });
  const problems = await ownImageProblems(
    folder,
    sourcesOf(
      settings({
        "localhost/a:1": "missing.tar",
        "localhost/b:1": "notes.txt",
        "localhost/c:1": { binary: "web" },
        "localhost/d:1": { binary: "arm" },
        "localhost/e:1": { binary: "riscv" },
        "localhost/f:1": { binary: "script" },
        "localhost/g:1": { folder: "server", command: ["node"] },
        "localhost/h:1": { files: "none" },
        "localhost/i:1": { program: "web" },
        "localhost/j:1": { program: "wrong.ts" },
        "localhost/right:1": { binary: "server" },
        "localhost/right:2": { folder: "web", command: ["node", "index.js"] },
      }),
    ),
  );
  assert.deepEqual(problems, [
    'sandbox.images["localhost/a:1"]: found "missing.tar", expected the path of a file that is there, relative to the project\'s folder',
    'sandbox.images["localhost/b:1"]: notes.txt is not a tar archive, or not a whole one: Invalid tar header. Maybe the tar is corrupted or it needs to be gunzipped?',
    'sandbox.images["localhost/c:1"].binary: found "web", expected the path of a file that is there, relative to the project\'s folder',
    'sandbox.images["localhost/d:1"].binary: arm is a program for linux/arm64: build it for linux/amd64',
    'sandbox.images["localhost/e:1"].binary: riscv is a program for processor 243: build it for linux/amd64',
    'sandbox.images["localhost/f:1"].binary: script is not a program for Linux',
    'sandbox.images["localhost/g:1"].folder: found "server", expected the path of a folder that is there, relative to the project\'s folder',
    'sandbox.images["localhost/h:1"].files: found "none", expected the path of a folder that is there, relative to the project\'s folder',
    'sandbox.images["localhost/i:1"].program: found "web", expected the path of a file that is there, relative to the project\'s folder',
    `sandbox.images["localhost/j:1"].program: wrong.ts cannot build the services' program: ${folder}/wrong.ts:1: Expected identifier but found "="`,
  ]);
});
