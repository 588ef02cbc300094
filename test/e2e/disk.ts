/** A small disk in the place of a folder, which only what is started through it sees. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { isTrueWithin } from "../../lib/poll";

export class SmallDisk {
  private constructor(
    private readonly folder: string,
    private readonly holder: ChildProcess,
  ) {}

  /** @param megabytes its size; it lies in memory and takes only what is written */
  static async over(folder: string, megabytes: number): Promise<SmallDisk> {
    // It lasts as long as its standard input, and so never longer than the test.
    const script = 'mount -t tmpfs -o "size=$1m,mode=0700" none "$0" && echo mounted && exec cat';
    const args = ["--mount", "--propagation", "private", "sh", "-c", script];
    const holder = spawn("unshare", [...args, folder, String(megabytes)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    return new SmallDisk(folder, holder);
  }

  /** The command line that shows the disk to the command after it. */
  get through(): readonly [string, ...string[]] {
    return ["nsenter", `--mount=/proc/${this.#pid}/ns/mnt`, "sh", "-c", 'cd "$0" && exec "$@"'];
  }

  /** Where a file of the disk is to be found from outside. */
  path(file: string): string {
    return join(`/proc/${this.#pid}/root`, file);
  }

  /** Leaves room for this many megabytes and no more. Others may be writing to it meanwhile. */
  async leave(megabytes: number): Promise<void> {
    const [program, ...args] = this.through;
    // A size below what is on it by now is refused.
    const isChanged = () => {
      const { blocks, bfree, bsize } = statfsSync(this.path(this.folder));
      const size = (blocks - bfree) * bsize + megabytes * 1024 ** 2;
      const remount = ["/", "mount", "-o", `remount,size=${size}`, this.folder];
      return spawnSync(program, [...args, ...remount], { stdio: "ignore" }).status === 0;
    };
    if (!(await isTrueWithin(10_000, isChanged))) {
      throw new Error(`cannot change the size of the disk over ${this.folder}`);
    }
  }

  /** Takes it away; nothing may use it any more. */
  async close(): Promise<void> {
    const closed = once(this.holder, "close");
    this.holder.stdin?.end();
    await closed;
  }

  get #pid(): number {
    return this.holder.pid ?? 0;
  }
}
