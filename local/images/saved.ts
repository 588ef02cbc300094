/**
 * Images that a builder has saved in a tar archive: an OCI image layout (`skopeo copy … oci-archive:`, `docker buildx`),
 * or Docker's own form (`docker save`, `ko build --tarball`). Both may be compressed by gzip.
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Extract } from "tar-stream";
import { z } from "zod";
import { UserError } from "../../lib/errors";
import { parseJson } from "../../lib/files";
import { architecture, type ImageArchive } from "./archive";
import { archive, fingerprint, type Bytes } from "./layer";
import { fullName } from "./reference";

/** A member of an archive; the library names the type nowhere. */
type Entry = Extract extends AsyncIterable<infer Member> ? Member : never;

/** Larger members are layers; those that say what an archive has are a few kilobytes. */
const largest = 4 * 1024 * 1024;

/** Builders write an index in an index; one that names itself has no end. */
const deepest = 3;

/** The name of an image in containerd. */
const nameAnnotation = "io.containerd.image.name";

/** The name that other builders write, some of them only the tag. */
const otherAnnotation = "org.opencontainers.image.ref.name";

const platform = z.looseObject({ os: z.string(), architecture: z.string() });

const descriptor = z.looseObject({
  digest: z.string(),
  platform: platform.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

type Descriptor = z.output<typeof descriptor>;

/** An index of an OCI layout, or an image with an index of its own for its platforms. */
const index = z.looseObject({ manifests: z.array(descriptor) });

const manifest = z.looseObject({ config: z.object({ digest: z.string() }) });

/** What Docker's own form has for each image. */
const dockerImages = z.array(
  z.looseObject({ Config: z.string(), RepoTags: z.array(z.string()).nullish() }),
);

type DockerImage = z.output<typeof dockerImages>[number];

const indexFile = "index.json";
const dockerFile = "manifest.json";

/** Members whose place another one takes, or that name images that are not asked for. */
const replaced = new Set([indexFile, dockerFile, "repositories"]);

/**
 * An image of an archive, as one that has its entry alone, under the name that is asked for. What the archive has is
 * read, and not its layers.
 * @param path the archive
 * @param reference the image's full name; of an archive with one image, the image may have another name
 * @throws UserError that says what is wrong with the archive, as the end of a sentence that begins with its path
 */
export async function savedImage(path: string, reference: string): Promise<ImageArchive> {
  const texts = await describingMembers(path);
  const chosen = ociImage(texts, reference) ?? dockerImage(texts, reference);
  if (chosen === undefined)
    throw new UserError(
      `is a tar archive without ${indexFile} or ${dockerFile}, and so no image: save one by docker save, skopeo copy … oci-archive: or ko build --tarball`,
    );
  const { digest, name, content } = await chosen;
  return { digest, bytes: (there) => rewritten(path, name, JSON.stringify(content), there) };
}

/** What an archive says of an image, and what the archive says instead if it has the image alone. */
interface Chosen {
  readonly digest: string;
  readonly name: string;
  readonly content: unknown;
}

type Texts = ReadonlyMap<string, Buffer>;

/** The image of an OCI layout; undefined if the archive has another form. */
function ociImage(texts: Texts, reference: string): Chosen | undefined {
  const { data } = index.safeParse(jsonOf(texts, indexFile));
  if (data === undefined) return undefined;
  const nameOf = ({ annotations = {} }: Descriptor) =>
    annotations[nameAnnotation] ?? annotations[otherAnnotation];
  const named = data.manifests.filter((one) => isNamed(nameOf(one), reference));
  const found = named.length > 0 ? named : data.manifests;
  // An image for several platforms may have an entry for each.
  const fitting = found.filter((one) => platformsOf(texts, one).some(isOurs));
  const [only, ...others] = found.length === 1 ? found : fitting;
  if (only === undefined && found.length > 0)
    checkPlatforms(found.flatMap((one) => platformsOf(texts, one)));
  if (only === undefined || others.length > 0) throw notOneImage(data.manifests, named, nameOf);
  checkPlatforms(platformsOf(texts, only));
  const manifests = [{ ...only, annotations: { [nameAnnotation]: reference } }];
  return { digest: only.digest, name: indexFile, content: { ...data, manifests } };
}

/** The image of an archive in Docker's own form; undefined if the archive has another form. */
function dockerImage(texts: Texts, reference: string): Promise<Chosen> | undefined {
  const { data } = dockerImages.safeParse(jsonOf(texts, dockerFile));
  if (data === undefined) return undefined;
  const namesOf = ({ RepoTags }: DockerImage) => RepoTags ?? [];
  const named = data.filter((one) => namesOf(one).some((name) => isNamed(name, reference)));
  const [only, ...others] = named.length > 0 ? named : data;
  if (only === undefined || others.length > 0) throw notOneImage(data, named, namesOf);
  const config = platform.safeParse(jsonOf(texts, only.Config)).data;
  checkPlatforms(config === undefined ? [] : [config]);
  const content = [{ ...only, RepoTags: [reference] }];
  const identified = fingerprint(Readable.from([texts.get(posix.normalize(only.Config))]));
  return identified.then(({ digest }) => ({ digest, name: dockerFile, content }));
}

/** Whether a name of an archive, which may be short as in Docker's form, is an image's full name. */
const isNamed = (name: string | undefined, reference: string) =>
  name !== undefined && fullName(name) === reference;

/** The complaint about an archive that has no image, or several of which the name tells none. */
function notOneImage<Image>(
  all: readonly Image[],
  named: readonly Image[],
  namesOf: (image: Image) => string | readonly string[] | undefined,
): UserError {
  if (all.length === 0) return new UserError("has no image");
  if (named.length > 0) return new UserError(`has ${named.length} images with this name`);
  const names = all.flatMap((image) => namesOf(image) ?? []);
  const shown = names.length > 0 ? `: ${names.join(", ")}` : "";
  return new UserError(`has ${all.length} images, and none of them has this name${shown}`);
}

interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** The platforms of an image: the one that the index says, those of its own index, or the one of its configuration. */
function platformsOf(
  texts: Texts,
  { digest, platform: said }: Descriptor,
  depth = 0,
): readonly Platform[] {
  if (depth > deepest)
    throw new UserError(`has indexes within each other, more than ${deepest} deep`);
  if (said !== undefined) return [said];
  const own = jsonOf(texts, blob(digest));
  const { data } = index.safeParse(own);
  if (data !== undefined)
    return data.manifests.flatMap((one) => platformsOf(texts, one, depth + 1));
  const image = manifest.safeParse(own).data;
  const config = platform.safeParse(image && jsonOf(texts, blob(image.config.digest))).data;
  return config === undefined ? [] : [config];
}

const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;

const isOurs = (one: Platform) => one.os === "linux" && one.architecture === architecture();

function checkPlatforms(platforms: readonly Platform[]): void {
  if (platforms.length === 0) throw new UserError("is not whole: it lacks what its index names");
  if (platforms.some(isOurs)) return;
  // What a builder adds about an image has no platform.
  const known = platforms.filter(({ os }) => os !== "unknown");
  const found = known.map((one) => `${one.os}/${one.architecture}`).join(" and ");
  throw new UserError(`has an image for ${found}: build it for linux/${architecture()}`);
}

function jsonOf(texts: Texts, name: string): unknown {
  return parseJson(texts.get(posix.normalize(name))?.toString() ?? "");
}

/** The members that say what an archive has. */
async function describingMembers(path: string): Promise<Texts> {
  const texts = new Map<string, Buffer>();
  try {
    await readMembers(path, async (entry) => {
      const { name, size, type } = entry.header;
      if (type !== "file" || size > largest) return;
      const content = await buffer(contentOf(entry));
      // Others are small layers, of which an archive may have many.
      if (name.endsWith(".json") || content[0] === "{".charCodeAt(0))
        texts.set(posix.normalize(name), content);
    });
  } catch (error) {
    // What the file system answers has a code, and so has what zlib does.
    const { code } = z.object({ code: z.string() }).safeParse(error).data ?? {};
    if (!(error instanceof Error) || (code !== undefined && !code.startsWith("Z_"))) throw error;
    throw new UserError(`is not a tar archive, or not a whole one: ${error.message}`);
  }
  return texts;
}

// The library's types do not say what its chunks are; they are buffers.
const contentOf = (entry: Entry) => entry as AsyncIterable<unknown> as Bytes;

/** Calls `use` with each member in turn; what it does not read is skipped. */
async function readMembers(path: string, use: (entry: Entry) => Promise<void>): Promise<void> {
  const members = extract();
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const reading = (await isCompressed(path))
    ? pipeline(file, createGunzip(), members)
    : pipeline(file, members);
  const using = (async () => {
    for await (const entry of members) {
      await use(entry);
      entry.resume();
    }
  })();
  const [read, used] = await Promise.allSettled([reading, using]);
  if (read.status === "rejected") throw read.reason;
  if (used.status === "rejected") throw used.reason;
}

async function isCompressed(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer: start } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return start[0] === 0x1f && start[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** The digest that a member of an OCI layout is named after, if it is. */
function digestOf(member: string): string | undefined {
  const [, algorithm, hex] = /^blobs\/([^/]+)\/([^/]+)$/.exec(member) ?? [];
  return hex && `${algorithm}:${hex}`;
}

/** The archive's bytes, in which a member with other content stands for those that name its images. */
function rewritten(
  path: string,
  name: string,
  content: string,
  there: ReadonlySet<string> = new Set(),
): Bytes {
  return archive(async (tar) => {
    await readMembers(path, async (entry) => {
      const { header } = entry;
      const member = posix.normalize(header.name);
      if (replaced.has(member) || there.has(digestOf(member) ?? "")) return;
      if (header.type !== "file" || header.size === 0) tar.entry({ ...header, size: 0 });
      else await pipeline(contentOf(entry), tar.entry(header));
    });
    tar.entry({ name }, content);
  });
}
