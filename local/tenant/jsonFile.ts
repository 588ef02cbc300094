import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";

/** Writes a file so that a reader, or the next start after a crash, finds the old content or the new, never a part. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Reads a file, or gives nothing where there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * A value that lives in memory and in one private file (mode 0600). Its owner changes the value and
 * calls `save`; once `save` has resolved, the change survives the process being killed.
 */
export class JsonFile<T> {
  #lastWrite: Promise<void> = Promise.resolve();
  #nextWrite: Promise<void> | undefined;

  private constructor(
    private readonly path: string,
    readonly value: T,
  ) {}

  /**
   * Reads the file, or creates it with the initial value.
   *
   * @throws if the file holds something else than the schema allows
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    initial: () => T | Promise<T>,
  ): Promise<JsonFile<T>> {
    const text = await readIfPresent(path);
    if (text === undefined) {
      const created = new JsonFile(path, await initial());
      await created.save();
      return created;
    }
    return new JsonFile(path, parse(path, text, schema));
  }

  /** Writes the value as it is now; calls that come while a write runs share the next one. */
  save(): Promise<void> {
    if (this.#nextWrite === undefined) {
      const write = this.#lastWrite.then(() => {
        this.#nextWrite = undefined;
        return replaceFile(this.path, JSON.stringify(this.value, undefined, 1));
      });
      this.#nextWrite = write;
      // The callers of save learn of a failure; the write after it is tried all the same.
      this.#lastWrite = write.catch(() => undefined);
    }
    return this.#nextWrite;
  }
}

function parse<T>(path: string, text: string, schema: z.ZodType<T>): T {
  const remedy = "restore it, or delete it to start with an empty tenant";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the file, which holds secrets.
    throw new Error(`${path} is not JSON: ${remedy}`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new Error(`${path} is not the tenant's (wrong: ${where}): ${remedy}`);
}
