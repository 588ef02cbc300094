import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { UserError } from "../../lib/errors";
import { removeAbandoned, replaceFile } from "../../lib/files";
import { addFile, archive, fingerprint, layerArchive, type Bytes, type Fingerprint } from "./layer";
import type { ImageSpecification, Layer } from "./specification";

/** The archive that `writeImages` wrote or found. */
export interface WrittenImages {
  /** Path of the archive, for `ctr -n k8s.io images import`. */
  readonly archive: string;
  /** Digest of everything in it: a changed digest means that something in it changed. */
  readonly digest: string;
  /** The names of the images in it, in the given order. */
  readonly references: readonly string[];
}

/** A member of the archive: its fingerprint, and a function to read it. */
interface Blob extends Fingerprint {
  readonly open: () => Bytes;
}

/** OCI's names for the processors that Node runs on. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  configuration: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** A registry with a dot, a port or the name localhost, a path and a tag. */
const fullReference =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|[a-z0-9-]+(?=:))(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+:[\w][\w.-]{0,127}$/;

/**
 * Writes the images as one OCI image layout in a tar archive in `directory`, which must be the caller's own: archives
 * with other contents are removed from it.
 *
 * The same images give the same archive, byte for byte, under a name made of its digest. An archive that is there
 * already is left as it is, so that a second call only reads and hashes. An archive under its final name is complete.
 *
 * @throws UserError when a reference is not complete or occurs twice, when a file cannot be read, or on a processor
 *   that has no name here.
 */
export async function writeImages(
  directory: string,
  images: readonly ImageSpecification[],
): Promise<WrittenImages> {
  const references = images.map(({ reference }) => reference);
  checkReferences(references);
  const { blobs, index } = await lay(images);
  const { digest } = await fingerprint(Readable.from([Buffer.from(index)]));
  const name = `images-${digest.slice("sha256:".length, "sha256:".length + 16)}.tar`;
  const path = join(directory, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) await replaceFile(path, bytesOf(blobs, index), { durable: true });
  await removeOthers(directory, name);
  return { archive: path, digest, references };
}

/** An archive that has one image, and is written only where it is read. */
export interface ImageArchive {
  /** Identifies the image's content. */
  readonly digest: string;
  /** @param there the digests of what the reader has already: the archive lacks it. Default: nothing */
  readonly bytes: (there?: ReadonlySet<string>) => Bytes;
}

/** One image as an archive. */
export async function imageArchive(image: ImageSpecification): Promise<ImageArchive> {
  const { blobs, index } = await lay([image]);
  const { digest } = await fingerprint(Readable.from([Buffer.from(index)]));
  const bytes = (there: ReadonlySet<string> = new Set()) =>
    bytesOf(new Map([...blobs].filter(([one]) => !there.has(one))), index);
  return { digest, bytes };
}

function checkReferences(references: readonly string[]): void {
  for (const [position, reference] of references.entries()) {
    if (!fullReference.test(reference)) {
      throw new UserError(
        `cannot write the image "${reference}": its name needs registry, path and tag in full, as in docker.io/istio/pilot:1.30.3`,
      );
    }
    if (references.indexOf(reference) !== position) {
      throw new UserError(`cannot write the image "${reference}": it is named twice`);
    }
  }
}

/** What has been read of layers: images that share one read its files once. */
const known = new WeakMap<Layer, Promise<Fingerprint>>();

function fingerprintOf(layer: Layer): Promise<Fingerprint> {
  const found = known.get(layer) ?? fingerprint(layerArchive(layer));
  known.set(layer, found);
  return found;
}

/** Every blob of the images by digest, and the index that names the images. */
async function lay(
  images: readonly ImageSpecification[],
): Promise<{ blobs: ReadonlyMap<string, Blob>; index: string }> {
  const platform = { architecture: architecture(), os: "linux" };
  const blobs = new Map<string, Blob>();

  const keep = ({ digest, size }: Fingerprint, open: Blob["open"]): Fingerprint => {
    blobs.set(digest, { digest, size, open });
    return { digest, size };
  };
  const keepJson = async (value: unknown): Promise<Fingerprint> => {
    const open = () => Readable.from([Buffer.from(JSON.stringify(value))]);
    return keep(await fingerprint(open()), open);
  };

  const manifests = [];
  for (const { reference, layers: own, configuration } of images) {
    const written: Fingerprint[] = [];
    for (const layer of own)
      written.push(keep(await fingerprintOf(layer), () => layerArchive(layer)));
    const config = await keepJson({
      ...platform,
      config: configuration,
      rootfs: { type: "layers", diff_ids: written.map(({ digest }) => digest) },
    });
    const manifest = await keepJson({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.configuration, ...config },
      layers: written.map((layer) => ({ mediaType: mediaTypes.layer, ...layer })),
    });
    manifests.push({
      mediaType: mediaTypes.manifest,
      ...manifest,
      platform,
      // containerd stores the image under this name.
      annotations: { "io.containerd.image.name": reference },
    });
  }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  return { blobs, index };
}

/** OCI's name for this machine's processor. */
export function architecture(): string {
  const name = architectures[process.arch];
  if (name !== undefined) return name;
  throw new UserError(
    `cannot write images for the processor ${process.arch}: the sandbox runs on ${Object.keys(architectures).join(" and ")}`,
  );
}

/** The archive's bytes; nothing is read before they are asked for. */
async function* bytesOf(blobs: ReadonlyMap<string, Blob>, index: string): Bytes {
  yield* archive(async (tar) => {
    const folders = ["blobs", "blobs/sha256"];
    for (const name of folders) {
      tar.entry({ name, type: "directory", mode: 0o755, mtime: new Date(0) });
    }
    for (const [digest, { size, open }] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const name = `blobs/sha256/${digest.slice("sha256:".length)}`;
      await addFile(tar, { name, size, mode: 0o644 }, open());
    }
    tar.entry({ name: "index.json", mode: 0o644, mtime: new Date(0) }, index);
    const layout = JSON.stringify({ imageLayoutVersion: "1.0.0" });
    tar.entry({ name: "oci-layout", mode: 0o644, mtime: new Date(0) }, layout);
  });
}

async function removeOthers(directory: string, name: string): Promise<void> {
  removeAbandoned(directory, "images-");
  const others = (await readdir(directory)).filter(
    (file) => /^images-[0-9a-f]{16}\.tar$/.test(file) && file !== name,
  );
  await Promise.all(others.map((file) => rm(join(directory, file), { force: true })));
}
