/** A view of the machine's files in which everything is as it is, and what is written is caught. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Lays a file system in memory over each of the machine's own, in a mount namespace, and makes the result its root.
 * $0 is an empty folder; the arguments are the mount points in order, `=FOLDER` for one that is passed through.
 */
const script = `
set -e
mount -t tmpfs tmpfs "$0"
mkdir "$0/written" "$0/root"
count=0
for point in "$@"; do
  case "$point" in
    =*) mount --rbind "\${point#=}" "$0/root\${point#=}" ;;
    *)
      count=$((count + 1))
      mkdir "$0/written/$count" "$0/$count"
      if [ "$point" = / ]; then target="$0/root"; else target="$0/root$point"; fi
      mount -t overlay overlay -o "lowerdir=$point,upperdir=$0/written/$count,workdir=$0/$count" "$target"
      echo "$point" >"$0/written/$count.of"
      ;;
  esac
done
mount --bind "$0/written" "$0/root$0"
cd "$0/root"
mkdir -p "./$0.old"
pivot_root . "./$0.old"
umount --lazy "$0.old"
rmdir "$0.old"
echo ready
exec cat
`;

/** File systems that hold no files of the machine's: the kernel's own views, which overlays cannot lie on. */
const kernels = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** A machine's files as some commands see them. Everything that they write is here, and nowhere else. */
export class PrivateFiles {
  private constructor(
    private readonly holder: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param through folders that are the machine's own, and not watched */
  static async make(through: readonly string[]): Promise<PrivateFiles> {
    const folder = mkdtempSync(join(tmpdir(), "istio-auth0-files-"));
    const points = [...mountPoints(), ...through.map((name) => `=${name}`)];
    const holder = spawn(
      "unshare",
      ["--mount", "--propagation", "private", "sh", "-c", script, folder, ...points],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const [first] = (await Promise.race([
      once(holder.stdout, "data"),
      once(holder, "exit").then(() => ["the machine's files cannot be overlaid"]),
    ])) as [unknown];
    if (String(first) !== "ready\n") throw new Error(String(first));
    return new PrivateFiles(holder, folder);
  }

  /** The process that keeps this view, and so has the machine's file systems mounted. */
  get pid(): string {
    return String(this.holder.pid);
  }

  /** The words before a command that is to see these files. */
  get prefix(): readonly string[] {
    return ["nsenter", `--target=${this.pid}`, "--mount", "--"];
  }

  /** What differs from the machine's own: files and folders that are new, changed or gone, by their whole names. */
  written(): string[] {
    const root = `/proc/${this.pid}/root${this.folder}`;
    return globSync(join(root, "*.of")).flatMap((name) => {
      const point = readFileSync(name, "utf8").trim();
      const upper = name.slice(0, -".of".length);
      return readdirSync(upper, { recursive: true, encoding: "utf8" })
        .filter((path) => differs(join(upper, path), join(point, path)))
        .map((path) => join(point, path));
    });
  }

  /** Ends it; nothing may use it any more. */
  async end(): Promise<void> {
    const ended = once(this.holder, "exit");
    this.holder.stdin?.end();
    await ended;
    rmSync(this.folder, { recursive: true });
  }
}

/** A folder is copied when something in it is made, and stays when that has gone: it differs by its mode alone. */
function differs(upper: string, lower: string): boolean {
  const copy = lstatSync(upper, { throwIfNoEntry: false });
  if (copy?.isDirectory() !== true) return copy !== undefined;
  return lstatSync(lower, { throwIfNoEntry: false })?.mode !== copy.mode;
}

/** Where the machine's file systems are mounted, outermost first. Of several at one place the last is seen. */
function mountPoints(): string[] {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? []);
  const files = points.filter((point) => !kernels.test(point));
  return [...new Set(files), "=/proc", "=/sys", "=/dev"];
}
