/** The running node's images: containerd takes new ones while it runs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { UserError } from "../../lib/errors";
import { isTrueWithin } from "../../lib/poll";
import { processIds, run, statOf } from "../../lib/processes";
import type { Bytes } from "../images/layer";
import type { Folders } from "../layout";
import type { Toolchain } from "../toolchain/toolchain";
import { nodeService } from "./node";

/** Where containerd listens, in the node's own file system; the supervisor says the same. */
const socket = "run/containerd/containerd.sock";

/** How long containerd may take to start, in milliseconds. */
const timeoutMs = 60_000;

/** containerd of a node that runs. */
export class Containerd {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(
    private readonly layout: Folders,
    { path }: Pick<Toolchain, "path">,
  ) {
    this.#environment = { ...process.env, PATH: [...path, process.env.PATH ?? ""].join(":") };
  }

  /** Waits until it answers. */
  async ready(): Promise<void> {
    const answers = () =>
      this.#run("version").then(
        () => true,
        () => false,
      );
    // The last attempt says why it does not.
    if (!(await isTrueWithin(timeoutMs, answers))) await this.#run("version");
  }

  /** The full names of its images. */
  async names(): Promise<ReadonlySet<string>> {
    const listed = await this.#run("images", "list", "--quiet");
    return new Set(listed.split("\n"));
  }

  /** The digests of what it has of images, such as their layers. */
  async contents(): Promise<ReadonlySet<string>> {
    const listed = await this.#run("content", "list", "--quiet");
    return new Set(listed.split("\n"));
  }

  /** Takes the images of an archive, which may lack what is there; one of the same name is replaced. */
  async import(bytes: Bytes): Promise<void> {
    const child = spawn("ctr", this.#arguments("images", "import", "-"), {
      env: this.#environment,
      stdio: ["pipe", "ignore", "pipe"],
    });
    const complaint = text(child.stderr);
    const ended = once(child, "close") as Promise<[number | null]>;
    // If it ends before it has read all, it has said why.
    const [[code], written] = await Promise.all([
      ended,
      Promise.allSettled([pipeline(bytes, child.stdin)]),
    ]);
    if (code !== 0)
      throw new UserError(reasonIn(await complaint) ?? `ctr ended with ${code ?? "a signal"}`);
    for (const one of written) if (one.status === "rejected") throw one.reason;
  }

  /** Forgets images by name. */
  async remove(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#run("images", "remove", ...names);
  }

  #run(...args: readonly string[]): Promise<string> {
    return run("ctr", this.#arguments(...args), { env: this.#environment });
  }

  #arguments(...args: readonly string[]): string[] {
    return ["--address", this.#address(), "--namespace", "k8s.io", ...args];
  }

  /** The socket as this machine sees it: through the file system of the node's first process. */
  #address(): string {
    const supervisor = String(nodeService(this.layout).pid);
    const first = processIds().find((pid) => statOf(Number(pid))[1] === supervisor);
    if (first === undefined) throw new UserError("the node does not run");
    return `/proc/${first}/root/${socket}`;
  }
}

/** What ctr complains of, after its warnings. */
const reasonIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("level=warning"))
    .at(-1);
