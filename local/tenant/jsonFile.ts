/** A value that the tenant keeps in a file, and that survives a crash. */
import type { z } from "zod";
import { readIfThere, replaceFile } from "../../lib/files";

/**
 * A value in memory and in one private file (mode 0600). Its owner changes the value and calls `save`; when `save` has
 * resolved, the change survives even if the process is killed.
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
   * @throws Error if the file does not match the schema
   */
  static async open<T>(
    path: string,
    schema: z.ZodType<T>,
    initial: () => T | Promise<T>,
  ): Promise<JsonFile<T>> {
    const text = readIfThere(path);
    if (text === undefined) {
      const created = new JsonFile(path, await initial());
      await created.save();
      return created;
    }
    return new JsonFile(path, parse(path, text, schema));
  }

  /** Writes the current value; calls during a write share the next one. */
  save(): Promise<void> {
    if (this.#nextWrite === undefined) {
      const write = this.#lastWrite.then(() => {
        this.#nextWrite = undefined;
        return replaceFile(this.path, JSON.stringify(this.value, undefined, 1), { durable: true });
      });
      this.#nextWrite = write;
      // The callers of `save` get the failure; the next write is tried all the same.
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
    // The parser's own message quotes the file, which contains secrets.
    throw new Error(`${path} is not JSON: ${remedy}`);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new Error(`${path} is not the tenant's (wrong: ${where}): ${remedy}`);
}
