/** Reads an image archive back, by schemas of the OCI formats: its images, its blobs by digest, and a tar's members. */
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after } from "node:test";
import { extract, type Header } from "tar-stream";
import { z } from "zod";

/** One member of a tar archive. */
export interface Member extends Header {
  readonly content: Buffer;
}

/** One image as the archive holds it. */
export interface ReadImage {
  readonly reference: string;
  readonly configuration: unknown;
  /** Digests of the layers, lowest first. */
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
}

const Descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });
const Index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal("application/vnd.oci.image.index.v1+json"),
  manifests: z.array(
    Descriptor.extend({
      mediaType: z.literal("application/vnd.oci.image.manifest.v1+json"),
      platform: z.strictObject({
        architecture: z.enum(["amd64", "arm64"]),
        os: z.literal("linux"),
      }),
      annotations: z.strictObject({ "io.containerd.image.name": z.string() }),
    }),
  ),
});
const Manifest = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal("application/vnd.oci.image.manifest.v1+json"),
  config: Descriptor.extend({
    mediaType: z.literal("application/vnd.oci.image.config.v1+json"),
  }),
  layers: z.array(
    Descriptor.extend({ mediaType: z.literal("application/vnd.oci.image.layer.v1.tar") }),
  ),
});
const Configuration = z.strictObject({
  architecture: z.enum(["amd64", "arm64"]),
  os: z.literal("linux"),
  config: z.unknown(),
  rootfs: z.strictObject({ type: z.literal("layers"), diff_ids: z.array(z.string()) }),
});

/** A folder that goes when the test, or the file outside any test, that asked for it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-images-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

export function sha256(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** Every member of a tar archive, in order. */
export async function members(archive: string | Uint8Array): Promise<Member[]> {
  // As they are written: many are large.
  const source =
    typeof archive === "string"
      ? createReadStream(archive, { highWaterMark: 1024 * 1024 })
      : Readable.from([archive]);
  const found: Member[] = [];
  const reader = source.pipe(extract());
  for await (const entry of reader) {
    found.push({ ...entry.header, content: await buffer(entry as AsyncIterable<unknown>) });
  }
  return found;
}

/** The images of an archive by what its index says, and its blobs by digest. */
export async function readImages(
  archive: string,
): Promise<{ images: ReadImage[]; blobs: ReadonlyMap<string, Buffer>; names: string[] }> {
  const all = await members(archive);
  const files = new Map(all.map(({ name, content }) => [name, content]));
  const blobs = new Map<string, Buffer>(
    [...files].flatMap(([name, content]) => {
      const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name)?.[1];
      return digest === undefined ? [] : [[`sha256:${digest}`, content] as const];
    }),
  );
  const blob = ({ digest, size }: z.infer<typeof Descriptor>): Buffer => {
    const content = blobs.get(digest);
    if (content?.length !== size) throw new Error(`no blob ${digest} of ${size} bytes`);
    return content;
  };
  const index = Index.parse(JSON.parse(String(files.get("index.json"))));
  const images = index.manifests.map((descriptor) => {
    const manifest = Manifest.parse(JSON.parse(String(blob(descriptor))));
    const { config, rootfs } = Configuration.parse(JSON.parse(String(blob(manifest.config))));
    manifest.layers.forEach(blob);
    return {
      reference: descriptor.annotations["io.containerd.image.name"],
      configuration: config,
      layers: manifest.layers.map(({ digest }) => digest),
      diffIds: rootfs.diff_ids,
    };
  });
  return { images, blobs, names: all.map(({ name }) => name) };
}
