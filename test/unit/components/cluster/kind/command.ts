/**
 * What the stand-in for the `kind` command runs: `command.ts FOLDER ARGUMENT…`, by Node as it is. Its clusters are
 * folders in FOLDER/clusters. What it says is what kind v0.33.0 and v0.32.0 say.
 */
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";

const [folder = "", ...args] = process.argv.slice(2);
const command = args.slice(0, 2).join(" ");
const name = option("--name") ?? "kind";
const cluster = join(folder, "clusters", name);
const kubeconfig =
  option("--kubeconfig") ?? process.env.KUBECONFIG ?? join(process.env.HOME ?? "", ".kube/config");
const input = option("--config") === "-" ? fs.readFileSync(0, "utf8") : "";

const commands: Readonly<Record<string, () => void>> = {
  "get clusters": () => {
    const names = fs.readdirSync(join(folder, "clusters")).sort();
    if (names.length === 0) console.error("No kind clusters found.");
    for (const each of names) console.log(each);
  },
  "get kubeconfig": () => {
    if (!fs.existsSync(cluster))
      fail(`could not locate any control plane nodes for cluster named '${name}'.`);
    // kind ends what it prints with a line's end of its own.
    console.log(fs.readFileSync(join(cluster, "kubeconfig"), "utf8"));
  },
  "create cluster": () => {
    if (fs.existsSync(cluster))
      fail(`failed to create cluster: node(s) already exist for a cluster with the name "${name}"`);
    create();
  },
  "delete cluster": () => {
    fs.writeFileSync(kubeconfig, "");
    fs.rmSync(cluster, { recursive: true, force: true });
  },
};

function option(flag: string): string | undefined {
  const at = args.indexOf(flag);
  return at === -1 ? undefined : args[at + 1];
}

function fail(says: string): never {
  console.error(`ERROR: ${says}`);
  process.exit(1);
}

/** Makes the cluster with an authority of its own, and writes its kubeconfig where kind would. */
function create(): void {
  const { networking } = JSON.parse(input) as {
    networking: { apiServerAddress: string; apiServerPort: number };
  };
  const server = `https://${networking.apiServerAddress}:${String(networking.apiServerPort)}`;
  const given = join(folder, "kubeconfig");
  const content = fs.existsSync(given)
    ? fs.readFileSync(given, "utf8").replace("AUTHORITY", randomUUID())
    : kubeconfigOf(server, randomUUID());
  fs.mkdirSync(cluster);
  fs.writeFileSync(join(cluster, "configuration"), input);
  fs.writeFileSync(join(cluster, "image"), option("--image") ?? "");
  fs.writeFileSync(join(cluster, "kubeconfig"), content);
  fs.writeFileSync(kubeconfig, content, { mode: 0o600 });
}

/** The part of a kubeconfig that says which cluster it is for. */
export function kubeconfigOf(server: string, authority: string): string {
  return `clusters:
- cluster:
    certificate-authority-data: ${authority}
    server: ${server}
`;
}

/** Fails as the test wants it to. */
function misbehave(): void {
  const place = join(folder, "faults");
  if (!fs.existsSync(place)) return;
  const faults = JSON.parse(fs.readFileSync(place, "utf8")) as Partial<
    Record<string, { says: string; leaves?: boolean }>
  >;
  const fault = faults[command];
  if (fault === undefined) return;
  if (fault.leaves === true && !fs.existsSync(cluster)) create();
  process.stderr.write(fault.says);
  process.exit(1);
}

/** Notes the command, and the modes of the kubeconfig's folder and file once it has ended. */
function note(): void {
  const modes = [dirname(kubeconfig), kubeconfig]
    .filter((place) => fs.existsSync(place))
    .map((place) => fs.statSync(place).mode & 0o777);
  const environment = process.env.KUBECONFIG ?? "";
  const line = JSON.stringify({ args, input, kubeconfig, environment, modes });
  fs.appendFileSync(join(folder, "calls"), `${line}\n`);
}

// Not where a test only wants to know what a kubeconfig looks like.
if (args.length > 0) {
  process.on("exit", note);
  misbehave();
  (commands[command] ?? (() => fail(`unknown command "${command}" for "kind"`)))();
}
