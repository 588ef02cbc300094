/**
 * Makes and deletes clusters with the `kind` command, as Pulumi's dynamic provider.
 *
 * Pulumi stores this code with the resource and runs it in a process of its own. So it uses only Node's own modules,
 * and a later version has to handle what a stored version did.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, stripVTControlCharacters } from "node:util";
import type * as pulumi from "@pulumi/pulumi";

/** What a cluster is made from. */
export interface KindInputs {
  /** As `kind get clusters` lists it. */
  readonly name: string;
  /** kind's own configuration, as data and not as text, so that a change of its format changes nothing. */
  readonly configuration: object & {
    readonly networking: { readonly apiServerAddress: string; readonly apiServerPort: number };
  };
  /** The nodes' image, by digest. */
  readonly image: string;
  /** Whether to take over a cluster of this name that is there already. */
  readonly adopt: boolean;
}

/** What is known of a cluster that is there. */
export interface KindOutputs extends KindInputs {
  /** A new value for each cluster that is made, so that what was in the old cluster is made again. */
  readonly instanceId: string;
  /** A kubeconfig's content: a secret. */
  readonly kubeconfig: string;
}

/** The inputs that cannot be changed on a cluster: a change replaces it. */
const fixed = ["name", "configuration", "image"] as const;

/** How long kind waits for the control plane to be ready. */
const wait = "5m";

/** How many characters of a line are shown. */
const longest = 400;

/** What kind prints if a cluster was made between our check and kind's own: it is not ours, and must not be deleted. */
const raced = /node\(s\) already exist|already in use by container/;

/** What kind or Docker prints, and what to do about it. */
const advice: readonly (readonly [RegExp, string])[] = [
  [
    /"docker": executable file not found/,
    "Docker is not on PATH: install it (https://docs.docker.com/engine/install).",
  ],
  [/permission denied/, "This user may not use Docker: let it, or run as one that may."],
  [/docker daemon|docker API/i, "Docker does not run: start it."],
  [
    /port is already allocated|address already in use/,
    "Another program has a port of 127.0.0.1 that the cluster needs: stop it, or change cluster.apiServerPort or gateway.url.",
  ],
];

/** An error with a message of one line. Pulumi also prints the stack, so it has none. */
function failure(message: string): Error {
  return Object.assign(new Error(message), { stack: "" });
}

/** The lines in which kind, or a program that it ran, says why it failed: the best first. */
const reasons = [/Error response from daemon|^error/, /^ERROR: /, /./];

/** The line of kind's output that says why it failed, and what to do about it, if that is known. */
function complaint(said: string): string {
  const lines = stripVTControlCharacters(said).trim().split("\n");
  const known = advice.find(([pattern]) => lines.some((line) => pattern.test(line)));
  const pattern = known?.[0] ?? reasons.find((reason) => lines.some((line) => reason.test(line)));
  const line = lines.find((candidate) => pattern?.test(candidate)) ?? "it said nothing";
  const reason = line.replace(/^(ERROR|Command Output): */, "").slice(0, longest);
  const sentence = /[.?!]$/.test(reason) ? reason : `${reason}.`;
  return known === undefined ? sentence : `${sentence} ${known[1]}`;
}

/** A failure of the kind command. */
interface KindFailure {
  readonly said: string;
}

/**
 * Runs kind without a shell, in a private folder for the kubeconfig, which kind would otherwise write to the user's own
 * file.
 */
async function kind(
  args: readonly string[],
  input = "",
): Promise<{ readonly stdout: string } | KindFailure> {
  // Only its owner may enter a folder that mkdtemp makes, and kind makes the file readable for its owner only.
  const folder = await mkdtemp(join(tmpdir(), "istio-auth0-kind-"));
  const kubeconfig = join(folder, "kubeconfig");
  const writes = args[0] !== "get";
  try {
    return await new Promise((resolve, reject) => {
      const running = execFile(
        "kind",
        [...args, ...(writes ? ["--kubeconfig", kubeconfig] : [])],
        { env: { ...process.env, KUBECONFIG: kubeconfig }, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => {
          if (error === null) resolve({ stdout });
          else if (error.code === "ENOENT")
            reject(
              failure(
                "The kind command is not on PATH: install it (https://kind.sigs.k8s.io/docs/user/quick-start), or choose another cluster.kind.",
              ),
            );
          else resolve({ said: stderr || error.message });
        },
      );
      // kind may end before it has read its input; its exit code says whether it failed.
      running.stdin?.on("error", () => undefined).end(input);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What kind printed. */
async function ask(what: string, args: readonly string[]): Promise<string> {
  const answer = await kind(args);
  if ("stdout" in answer) return answer.stdout;
  throw failure(`Cannot ${what}: ${complaint(answer.said)}`);
}

/** Whether there is a cluster of exactly this name. */
async function exists(name: string): Promise<boolean> {
  const listed = await ask("list the kind clusters", ["get", "clusters"]);
  return listed.split("\n").some((line) => line.trim() === name);
}

async function kubeconfigOf(name: string): Promise<string> {
  const what = `read the kubeconfig of the kind cluster "${name}"`;
  return `${(await ask(what, ["get", "kubeconfig", "--name", name])).trim()}\n`;
}

async function remove(name: string): Promise<void> {
  await ask(`delete the kind cluster "${name}"`, ["delete", "cluster", "--name", name]);
}

/** A cluster's own authority: made with the cluster, and never changed. */
const authorityOf = (kubeconfig: string) =>
  /certificate-authority-data: *(\S+)/.exec(kubeconfig)?.[1];

/**
 * What happened to a cluster. It is lost if it is gone, or if another one of its name was made. If its nodes do not
 * run, they cannot be asked, and the name alone decides.
 */
async function find(cluster: KindOutputs): Promise<"there" | "gone" | "another"> {
  if (!(await exists(cluster.name))) return "gone";
  const answer = await kind(["get", "kubeconfig", "--name", cluster.name]);
  if (!("stdout" in answer)) return "there";
  return authorityOf(answer.stdout) === authorityOf(cluster.kubeconfig) ? "there" : "another";
}

/** Takes over a cluster that is there already, if the settings allow it and its API server is where they say. */
async function adopt(inputs: KindInputs): Promise<KindOutputs> {
  const { name, configuration } = inputs;
  const discard = `delete it (kind delete cluster --name ${name})`;
  if (!inputs.adopt)
    throw failure(
      `The kind cluster "${name}" is there already, and this stack did not make it: ${discard}, choose another cluster.name, or take it over by cluster.adopt.`,
    );
  const kubeconfig = await kubeconfigOf(name);
  const server = /server: *(\S+)/.exec(kubeconfig)?.[1] ?? "nowhere";
  const { apiServerAddress, apiServerPort } = configuration.networking;
  const expected = `https://${apiServerAddress}:${String(apiServerPort)}`;
  if (server !== expected)
    throw failure(
      `Cannot take over the kind cluster "${name}": its API server is at ${server}, not at ${expected}. Set cluster.apiServerPort, or ${discard}.`,
    );
  return { ...inputs, instanceId: randomUUID(), kubeconfig };
}

/** Makes a cluster. If that fails, nothing of it is left. */
async function make(inputs: KindInputs): Promise<KindOutputs> {
  const { name, image, configuration } = inputs;
  const args = ["create", "cluster", "--name", name, "--image", image, "--wait", wait];
  // JSON is YAML.
  const answer = await kind([...args, "--config", "-"], JSON.stringify(configuration));
  if (!("stdout" in answer)) {
    if (raced.test(answer.said)) return adopt(inputs);
    const message = `Cannot create the kind cluster "${name}": ${complaint(answer.said)}`;
    throw failure(await withoutRest(name, message));
  }
  try {
    return { ...inputs, instanceId: randomUUID(), kubeconfig: await kubeconfigOf(name) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw failure(await withoutRest(name, message));
  }
}

/** Deletes what a failure has left, and adds a sentence if that fails too. */
async function withoutRest(name: string, message: string): Promise<string> {
  try {
    await remove(name);
    return message;
  } catch {
    return `${message} What it left could not be deleted: run kind delete cluster --name ${name}.`;
  }
}

/** The dynamic provider of a kind cluster. */
export const kindProvider: pulumi.dynamic.ResourceProvider<KindInputs, KindOutputs> = {
  async create(inputs) {
    // Pulumi adds the provider itself to the inputs; it is not part of the cluster.
    const { name, configuration, image, adopt: mayAdopt } = inputs;
    const wanted = { name, configuration, image, adopt: mayAdopt };
    const outs = await ((await exists(name)) ? adopt(wanted) : make(wanted));
    return { id: name, outs };
  },

  async diff(_id, olds, news) {
    const changed = fixed.filter((key) => !isDeepStrictEqual(olds[key], news[key]));
    // A cluster was lost if the new one has another id.
    const lost = (await find(olds)) === "there" ? [] : ["instanceId"];
    const replaces = [...changed, ...lost];
    // Both would need the same ports.
    return { changes: replaces.length > 0, replaces, deleteBeforeReplace: true };
  },

  async read(id, cluster) {
    // If the answer has no id, the engine removes the resource from the state, and the next update makes it again.
    if (cluster === undefined || (await find(cluster)) !== "there") return {};
    return { id, props: cluster };
  },

  async delete(_id, cluster) {
    // A cluster of the same name that was not made here stays.
    if ((await find(cluster)) === "there") await remove(cluster.name);
  },
};
