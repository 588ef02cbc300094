/** Prebuilt parts of the toolchain in a release: see .github/workflows/toolchain.yml. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { z } from "zod";
import { UserError, messageOf } from "../../lib/errors";
import { clone } from "../../lib/clone";
import { run } from "../../lib/processes";
import { duration } from "../../lib/progress";

/** Where a release is, and the size and digest of each of its files. */
const pins = z.strictObject({
  about: z.string(),
  /** The folder of the files; null if there is no release. */
  address: z.url().nullable(),
  /** By part and key, as the part's folder is called. */
  parts: z.record(
    z.string(),
    z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().positive() }),
  ),
});

export type Pins = z.infer<typeof pins>;

/** The release that this version of the project is pinned to. */
export const pinnedRelease = (): Release =>
  new Release(
    pins.parse(JSON.parse(readFileSync(join(clone, "local/toolchain/release.json"), "utf8"))),
  );

/** The file of a part in a release. */
export const fileOf = (part: string) => `${part}.tar.zst`;

/** How long a download may take, in milliseconds. If it takes longer, building may be as fast. */
export interface Limits {
  /** How long a download may receive no byte. */
  readonly idle: number;
  readonly whole: number;
  /** How often progress is reported. */
  readonly say: number;
}

const usual: Limits = { idle: 20_000, whole: 300_000, say: 10_000 };

/** The release cannot be reached, for any part. */
export class Unreachable extends UserError {}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

export class Release {
  constructor(
    private readonly pins: Pins,
    private readonly limits = usual,
  ) {}

  /** Whether it has a part prebuilt. */
  has(part: string): boolean {
    return this.pins.address !== null && Object.hasOwn(this.pins.parts, part);
  }

  /**
   * Downloads a part, checks it, and unpacks it into a folder.
   * @throws UserError if it is missing, too late, or has another digest: nothing was unpacked then
   */
  async unpack(part: string, folder: string, say: (text: string) => void): Promise<void> {
    const pin = this.pins.parts[part];
    if (this.pins.address === null || pin === undefined)
      throw new UserError(`no release has ${part}`);
    const partial = join(folder, "partial");
    const address = new URL(fileOf(part), `${this.pins.address.replace(/\/$/, "")}/`);
    const found = await this.#download(address, pin.size, partial, say);
    if (found !== pin.sha256) {
      throw new UserError(`${address.href} has the digest ${found}, not ${pin.sha256}`);
    }
    await unpack(partial, folder).catch((error: unknown) => {
      throw new UserError(`${address.href} cannot be unpacked: ${messageOf(error)}`);
    });
    rmSync(partial);
  }

  /** @returns the digest of the downloaded file */
  async #download(
    address: URL,
    size: number,
    path: string,
    say: (text: string) => void,
  ): Promise<string> {
    const { idle, whole, say: sayEvery } = this.limits;
    let received = 0;
    const soFar = () => `${megabytes(received)} of ${megabytes(size)} MB`;
    const ending = new AbortController();
    const abandon = (why: string) => {
      ending.abort(new Unreachable(`${address.host} ${why}: ${soFar()} fetched`));
    };
    const timers = [
      setTimeout(abandon, idle, `sends nothing for ${duration(idle)}`),
      setTimeout(abandon, whole, `takes longer than ${duration(whole)}`),
      setInterval(() => {
        say(`fetched ${soFar()}`);
      }, sayEvery),
    ] as const;
    const hash = createHash("sha256");
    const file = await open(path, "wx", 0o600);
    try {
      const answer = await fetch(address, { signal: ending.signal });
      if (!answer.ok) throw new UserError(`${address.href} answers ${answer.status}`);
      const body: AsyncIterable<Uint8Array> = answer.body ?? Readable.from([]);
      for await (const chunk of body) {
        timers[0].refresh();
        received += chunk.length;
        if (received > size) throw new UserError(`${address.href} is larger than ${size} bytes`);
        hash.update(chunk);
        await file.write(chunk);
      }
    } catch (error) {
      ending.signal.throwIfAborted();
      if (error instanceof UserError) throw error;
      throw received > 0
        ? new UserError(`${address.href} was cut off: ${soFar()} fetched`)
        : new Unreachable(`${address.host} cannot be reached (${reasonOf(error)})`);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      await file.close();
    }
    if (received < size) throw new UserError(`${address.href} was cut off: ${soFar()} fetched`);
    return hash.digest("hex");
  }
}

/** The network's error; fetch hides it in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  if (cause instanceof Error) return "code" in cause ? String(cause.code) : cause.message;
  return error instanceof Error ? error.message : String(error);
}

async function unpack(archive: string, folder: string): Promise<void> {
  const tar = `${archive}.tar`;
  await pipeline(createReadStream(archive), createZstdDecompress(), createWriteStream(tar));
  await run("tar", ["-x", "--no-same-owner", "-C", folder, "-f", tar]);
  rmSync(tar);
}
