/** A toolchain part comes from the pinned release if it arrives whole and in time, and is built otherwise. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { packParts } from "../../../../local/toolchain/pack";
import { ensureParts, type Part, partName } from "../../../../local/toolchain/parts";
import { fileOf, type Pins, pinnedRelease, Release } from "../../../../local/toolchain/release";
import { releasedParts } from "../../../../local/toolchain/toolchain";
import { temporaryFolder } from "../images/reading";

/** A part that says by its content how it was had. */
const partCalled = (name: string): Part => ({
  name,
  key: "0123456789abcdef",
  needs: [],
  make: (folder) => {
    writeFileSync(join(folder, "program"), "built");
    return Promise.resolve();
  },
});

const [one, two] = [partCalled("one"), partCalled("two")];

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/release`;
}

/** Two parts packed as a release has them, each with what only a release's has in it. */
async function packed(): Promise<{ pins: Pins; folder: string }> {
  const [root, folder] = [temporaryFolder(), temporaryFolder()];
  for (const part of [one, two]) {
    const made = join(root, partName(part));
    mkdirSync(join(made, "bin"), { recursive: true });
    writeFileSync(join(made, "program"), "released", { mode: 0o755 });
    writeFileSync(join(made, "bin/other"), part.name.repeat(200_000));
  }
  const pins = await packParts(root, [one, two], folder, "http://nowhere.invalid", () => undefined);
  return { pins, folder };
}

/** Long enough on a busy machine. */
const limits = { idle: 10_000, whole: 20_000, say: 10_000 };

interface Had {
  /** How each part was had. */
  readonly parts: readonly string[];
  /** What was said, in order of the words, without the server's port and times. */
  readonly said: readonly string[];
}

/** Has both parts made, where the release is as given. */
async function ensure(
  pins: Pins,
  address: string | null,
  chosen: Partial<typeof limits> = {},
): Promise<Had> {
  const root = temporaryFolder();
  const said: string[] = [];
  const release = new Release({ ...pins, address }, { ...limits, ...chosen });
  await ensureParts(root, [one, two], release, (text) =>
    said.push(text.replace(/127\.0\.0\.1:\d+/g, "HOST").replace(/after .* s$/, "after TIME")),
  );
  const parts = [one, two].map(partName);
  assert.deepEqual(readdirSync(root).sort(), parts);
  for (const part of parts) assert.equal(existsSync(join(root, part, "partial")), false);
  return {
    parts: parts.map((part) => readFileSync(join(root, part, "program"), "utf8")),
    said: said.sort(),
  };
}

const sends = (folder: string) => (url: string | undefined) =>
  readFileSync(join(folder, (url ?? "").replace("/release/", "")));

const builtBoth = ["one: there after TIME", "two: there after TIME"];

test("what a release has is taken from it, as it was packed", async (context) => {
  const { pins, folder } = await packed();
  const content = sends(folder);
  const address = await serve(context, ({ url }, response) => response.end(content(url)));
  assert.deepEqual(await ensure(pins, address), {
    parts: ["released", "released"],
    said: ["one: taken from the project's release", "two: taken from the project's release"],
  });
  const root = temporaryFolder();
  await ensureParts(root, [one], new Release({ ...pins, address }, limits), () => undefined);
  assert.equal(statSync(join(root, partName(one), "program")).mode & 0o777, 0o755);
  assert.equal(readFileSync(join(root, partName(one), "bin/other"), "utf8").length, 600_000);
});

test("a part with another key than the release's is built, and not asked for", async (context) => {
  const { pins, folder } = await packed();
  const content = sends(folder);
  const asked: (string | undefined)[] = [];
  const address = await serve(context, ({ url }, response) => {
    asked.push(url);
    response.end(content(url));
  });
  const parts = Object.fromEntries(
    Object.entries(pins.parts).map(([name, pin]) => [name.replace("one-0", "one-1"), pin]),
  );
  assert.deepEqual((await ensure({ ...pins, parts }, address)).parts, ["built", "released"]);
  assert.deepEqual(asked, [`/release/${fileOf(partName(two))}`]);
});

test("where there is no release, everything is built", async () => {
  const { pins } = await packed();
  assert.deepEqual(await ensure(pins, null), { parts: ["built", "built"], said: builtBoth });
});

/** Serves the second part as it is, and the first in some other way. */
const damaged =
  (folder: string, answer: (response: ServerResponse, content: Buffer) => void): RequestListener =>
  ({ url }, response) => {
    const content = sends(folder)(url);
    if (url?.includes("/one-") === true) answer(response, content);
    else response.end(content);
  };

for (const [what, answer, reason] of [
  [
    "has another digest",
    (response: ServerResponse, content: Buffer) => {
      content[content.length - 1] = 255 - (content.at(-1) ?? 0);
      response.end(content);
    },
    /^http:\/\/HOST\/release\/one-0123456789ab\.tar\.zst has the digest [0-9a-f]{64}, not [0-9a-f]{64}$/,
  ],
  [
    "ends too early",
    (response: ServerResponse, content: Buffer) => {
      response.end(content.subarray(0, -1));
    },
    /one-0123456789ab\.tar\.zst was cut off: \d+ of \d+ MB fetched$/,
  ],
  [
    "is cut off by its connection",
    (response: ServerResponse, content: Buffer) => {
      response.writeHead(200, { "Content-Length": content.length });
      response.write(content.subarray(0, 20), () => response.destroy());
    },
    /one-0123456789ab\.tar\.zst was cut off: \d+ of \d+ MB fetched$/,
  ],
  [
    "does not end",
    (response: ServerResponse, content: Buffer) => {
      response.write(content);
      response.end("more");
    },
    /one-0123456789ab\.tar\.zst is larger than \d+ bytes$/,
  ],
  [
    "is not there",
    (response: ServerResponse) => {
      response.writeHead(404).end("none");
    },
    /one-0123456789ab\.tar\.zst answers 404$/,
  ],
] as const) {
  test(`a part that ${what} is built, with one line, and the others are taken`, async (context) => {
    const { pins, folder } = await packed();
    const address = await serve(context, damaged(folder, answer));
    const { parts, said } = await ensure(pins, address);
    assert.deepEqual(parts, ["built", "released"]);
    const [line = "", ...rest] = said.filter((text) => text.startsWith("one: "));
    assert.match(line.replace(/^one: built, since /, ""), reason);
    assert.deepEqual(rest, ["one: there after TIME"]);
  });
}

test("a part that is damaged inside is not unpacked half", async (context) => {
  const { pins, folder } = await packed();
  const whole = readFileSync(join(folder, fileOf(partName(one))));
  const half = whole.subarray(0, whole.length / 2);
  const sha256 = createHash("sha256").update(half).digest("hex");
  const parts = { ...pins.parts, [partName(one)]: { sha256, size: half.length } };
  const address = await serve(
    context,
    damaged(folder, (response) => response.end(half)),
  );
  const had = await ensure({ ...pins, parts }, address);
  assert.deepEqual(had.parts, ["built", "released"]);
  assert.match(had.said.join("\n"), /^one: built, since .* cannot be unpacked/m);
});

test("a server that sends nothing is left, with one line for all parts", async (context) => {
  const { pins } = await packed();
  const address = await serve(context, () => undefined);
  const { parts, said } = await ensure(pins, address, { idle: 300, say: 50 });
  assert.deepEqual(parts, ["built", "built"]);
  const progress = /^(one|two): fetched 0 of \d+ MB$/;
  assert.ok(said.some((text) => progress.test(text)));
  assert.deepEqual(
    said.filter((text) => !progress.test(text)).map((text) => text.replace(/\d+ MB/, "N MB")),
    ["built, since HOST sends nothing for 0.3 s: 0 of N MB fetched", ...builtBoth],
  );
});

test("a server that is slow is left after a while, and how far it came is said", async (context) => {
  const { pins, folder } = await packed();
  const content = sends(folder);
  const address = await serve(context, ({ url }, response) => {
    const bytes = content(url);
    response.write(bytes.subarray(0, 1));
    let sent = 1;
    const timer = setInterval(() => response.write(bytes.subarray(sent, (sent += 1))), 20);
    response.on("close", () => {
      clearInterval(timer);
    });
  });
  const { parts, said } = await ensure(pins, address, { whole: 400, say: 50 });
  assert.deepEqual(parts, ["built", "built"]);
  assert.ok(said.filter((text) => /: fetched \d+ of \d+ MB$/.test(text)).length > 2);
  assert.deepEqual(
    said.filter((text) => text.startsWith("built")).map((text) => text.replace(/\d+ MB/, "N MB")),
    ["built, since HOST takes longer than 0.4 s: 0 of N MB fetched"],
  );
});

test("a release that cannot be reached is said once, with the reason", async (context) => {
  const { pins } = await packed();
  const address = await serve(context, () => undefined);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { parts, said } = await ensure(pins, address.replace(/:\d+/, `:${port}`));
  assert.deepEqual(parts, ["built", "built"]);
  assert.deepEqual(said, ["built, since HOST cannot be reached (ECONNREFUSED)", ...builtBoth]);
});

test("the same folder is packed as the same file", async () => {
  const [first, second] = [await packed(), await packed()];
  assert.deepEqual(first.pins, second.pins);
});

test("the pinned release is one, or says that there is none", () => {
  const release = pinnedRelease();
  const names = releasedParts.map(partName);
  assert.equal(new Set(names).size, names.length);
  const text = readFileSync(join(__dirname, "../../../../local/toolchain/release.json"), "utf8");
  const isThere = !text.includes('"address": null');
  assert.equal(
    names.some((name) => release.has(name)),
    isThere,
  );
});
