/** A stand-in for the `kind` command that keeps real state on disk, and kind's dynamic provider as Pulumi runs it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { KindInputs, KindOutputs } from "../../../../../components/cluster/kind/provider";
import { kindProvider } from "../../../../../components/cluster/kind/provider";
import { kubeconfigOf } from "./command";

const call = z.object({
  args: z.array(z.string()),
  input: z.string(),
  kubeconfig: z.string(),
  /** $KUBECONFIG, which kind takes where no option names a file. */
  environment: z.string(),
  /** The modes of the kubeconfig's folder and file after the command, where they are there. */
  modes: z.array(z.number()),
});

/** What goes wrong in a command, such as `create cluster`. */
export interface Fault {
  /** What it says before it ends with code 1. */
  readonly says: string;
  /** Whether the cluster is there afterwards all the same. */
  readonly leaves?: boolean;
}

/** The folder on PATH, the home and the state of a stand-in. */
export class StandIn {
  readonly folder = mkdtempSync(join(tmpdir(), "kind-test-"));
  readonly home = join(this.folder, "home");
  readonly temporary = join(this.folder, "tmp");
  /** The one folder on PATH. */
  readonly path = join(this.folder, "bin");
  private readonly before = { ...process.env };

  /** Puts it on PATH, in a home of its own with a kubeconfig that nothing may touch. */
  constructor() {
    for (const folder of [this.home, this.temporary, this.path, this.in("clusters")])
      mkdirSync(folder);
    mkdirSync(join(this.home, ".kube"));
    writeFileSync(this.userKubeconfig, usersOwn);
    const command = [process.execPath, "--no-warnings", join(__dirname, "command.ts"), this.folder];
    const start = `exec ${command.map((word) => `"${word}"`).join(" ")} "$@"`;
    writeFileSync(join(this.path, "kind"), `#!/bin/sh\n${start}\n`, { mode: 0o700 });
    const { path: PATH, home: HOME, temporary: TMPDIR } = this;
    Object.assign(process.env, { PATH, HOME, TMPDIR, KUBECONFIG: this.userKubeconfig });
  }

  get userKubeconfig(): string {
    return join(this.home, ".kube", "config");
  }

  private in(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** The clusters that are there. */
  get clusters(): string[] {
    return readdirSync(this.in("clusters")).sort();
  }

  /** What a cluster was made from: its configuration, image and kubeconfig. */
  read(cluster: string, file: "configuration" | "image" | "kubeconfig"): string {
    return readFileSync(this.in("clusters", cluster, file), "utf8");
  }

  /** Makes a cluster as another program would. Each has an authority of its own. */
  put(cluster: string, authority: string, server = "https://127.0.0.1:6550"): void {
    this.putBack(cluster, kubeconfigOf(server, authority));
  }

  /** Makes a cluster that has been there before, with the kubeconfig that it had. */
  putBack(cluster: string, kubeconfig: string): void {
    mkdirSync(this.in("clusters", cluster));
    writeFileSync(this.in("clusters", cluster, "kubeconfig"), kubeconfig);
  }

  /** From now on clusters have this kubeconfig; AUTHORITY in it becomes the authority of each. */
  answerWith(kubeconfig: string): void {
    writeFileSync(this.in("kubeconfig"), kubeconfig);
  }

  /** Deletes a cluster as another program would. */
  take(cluster: string): void {
    rmSync(this.in("clusters", cluster), { recursive: true });
  }

  /** Lets commands fail from now on. */
  fail(faults: Readonly<Record<string, Fault>>): void {
    writeFileSync(this.in("faults"), JSON.stringify(faults));
  }

  /** Every command so far. */
  get calls(): z.infer<typeof call>[] {
    if (!existsSync(this.in("calls"))) return [];
    const lines = readFileSync(this.in("calls"), "utf8").trim().split("\n");
    return lines.map((line) => call.parse(JSON.parse(line)));
  }

  /** The commands so far, a word or two each. */
  get commands(): string[] {
    return this.calls.map(({ args }) => args.slice(0, 2).join(" "));
  }

  /** Takes the command off PATH. */
  uninstall(): void {
    rmSync(join(this.path, "kind"));
  }

  /** Whether the user's own kubeconfig is as it was and alone, and none was left elsewhere. */
  get isTidy(): boolean {
    const own = readFileSync(this.userKubeconfig, "utf8");
    const files = readdirSync(join(this.home, ".kube"));
    const left = readdirSync(this.temporary).filter((name) => name.startsWith("istio-auth0-kind-"));
    return own === usersOwn && files.join() === "config" && left.length === 0;
  }

  remove(): void {
    for (const name of ["PATH", "HOME", "TMPDIR", "KUBECONFIG"]) {
      const value = this.before[name];
      // Assigning undefined would set it to a text.
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    rmSync(this.folder, { recursive: true });
  }
}

const usersOwn = "the user's own kubeconfig\n";

/** The dynamic provider with every method that kind's has. */
export type Provider = Required<
  Pick<
    pulumi.dynamic.ResourceProvider<KindInputs, KindOutputs>,
    "create" | "diff" | "read" | "delete"
  >
>;

/** The provider as the engine gets it: written as text by the program, and read in a process that has nothing else. */
export async function storedProvider(folder: string): Promise<Provider> {
  const { text } = await pulumi.runtime.serializeFunction(() => kindProvider);
  const file = join(folder, "provider.cjs");
  writeFileSync(file, text);
  const { handler } = (await import(file)) as { handler: () => Provider };
  return handler();
}
