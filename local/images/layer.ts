import { createHash } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { pack, type Header, type Pack } from "tar-stream";
import type { Layer, LayerEntry } from "./specification";

/** Milliseconds after which the process does its other work, such as handling a signal. */
const longestTurnMs = 10;

/** Bytes read at once: the files are large, and the default of 64 KiB takes twice the time. */
const chunk = 1024 * 1024;

/** The bytes of a file or an archive, in order. */
export type Bytes = AsyncIterable<Uint8Array>;

/** What identifies a run of bytes: its SHA-256 and its length. */
export interface Fingerprint {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
  readonly size: number;
}

/**
 * A layer's tar archive. The same entries give the same bytes: entries are sorted, owned by root unless they say
 * otherwise, and dated 1970.
 */
export function layerArchive(layer: Layer): Bytes {
  return archive(async (stream) => {
    let since = performance.now();
    for (const entry of complete(layer)) {
      await add(stream, entry);
      if (performance.now() - since < longestTurnMs) continue;
      await turn();
      since = performance.now();
    }
  });
}

/** Reads the stream to its end, and returns its digest and size. */
export async function fingerprint(bytes: Bytes): Promise<Fingerprint> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const data of bytes) {
    hash.update(data);
    size += data.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

/** A tar archive that `fill` writes; a failure of `fill` is passed on to the reader. */
export function archive(fill: (stream: Pack) => Promise<void>): Bytes {
  const stream = pack({ highWaterMark: chunk });
  fill(stream).then(
    () => {
      stream.finalize();
    },
    (error: unknown) => {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    },
  );
  // The library's types do not say what its chunks are; they are buffers.
  return stream as AsyncIterable<unknown> as Bytes;
}

type FileHeader = Pick<Header, "name" | "size" | "mode">;

/** Adds one file to a tar archive, dated 1970, with no more than a few chunks in memory. */
export async function addFile(stream: Pack, header: FileHeader, content: Bytes): Promise<void> {
  await pipeline(content, stream.entry({ ...header, mtime: new Date(0) }));
}

/** The same of a file that is in memory, which takes a tenth of the time. */
function addWhole(stream: Pack, header: FileHeader, content: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.entry({ ...header, mtime: new Date(0) }, content, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function add(stream: Pack, entry: LayerEntry): Promise<void> {
  const mtime = new Date(0);
  switch (entry.kind) {
    case "folder": {
      const { path: name, mode = 0o755, owner = 0 } = entry;
      stream.entry({ name, mtime, type: "directory", mode, uid: owner, gid: owner });
      return;
    }
    case "link":
      stream.entry({ name: entry.path, mtime, type: "symlink", linkname: entry.target });
      return;
    case "text":
      stream.entry({ name: entry.path, mtime, mode: 0o644 }, Buffer.from(entry.content));
      return;
    case "file": {
      const { path: name, source, mode = 0o644 } = entry;
      // A folder may have thousands of files, and waiting for each takes longer than to read it.
      const { size } = statSync(source);
      if (size <= chunk) {
        const content = readFileSync(source);
        await addWhole(stream, { name, size: content.length, mode }, content);
      } else {
        const content = createReadStream(source, { highWaterMark: chunk });
        await addFile(stream, { name, size, mode }, content);
      }
    }
  }
}

/** The entries with the folders above them, each path once, a folder before its contents. */
function complete(layer: Layer): LayerEntry[] {
  const entries = new Map<string, LayerEntry>();
  for (const entry of layer) {
    const same = entries.get(entry.path);
    if (same && !isDeepStrictEqual(same, entry)) {
      throw new Error(`a layer holds two different entries at ${entry.path}`);
    }
    entries.set(entry.path, entry);
  }
  for (const path of [...entries.keys()]) {
    for (let above = dirname(path); above !== "."; above = dirname(above)) {
      if (!entries.has(above)) entries.set(above, { kind: "folder", path: above });
    }
  }
  return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
