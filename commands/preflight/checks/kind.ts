import { connect, createServer } from "node:net";
import { hostPorts } from "../../../components/gateway/host";
import type { Application } from "../../../components/application";
import type { ClusterSettings, GatewaySettings } from "../../../components/config";
import { type Check, failed, ok, type Outcome } from "../check";
import { newNodeProblems, runningNodeProblems } from "../../stack/node-limits";
import { ask } from "../commands";
import { limitsCheck } from "./limits";

type KindSettings = Extract<ClusterSettings, { kind: "kind" }>;

/**
 * kind and Docker are there, the kernel's limits are high enough for a node, and the cluster's ports on this machine
 * are free.
 */
export function kindChecks(
  cluster: KindSettings,
  gateway: GatewaySettings,
  application: Application,
): Check[] {
  const ports = [
    ...hostPorts(gateway.url).map((port) => ({ setting: "gateway.url", port })),
    { setting: "cluster.apiServerPort", port: cluster.apiServerPort },
  ];
  return [
    { name: "kind", run: judgeKind },
    { name: "Docker", run: judgeDocker },
    limitsCheck((signal) => limitProblems(application, cluster.name, signal)),
    ...ports.map(({ setting, port }) => ({
      name: `port ${port}`,
      run: (signal: AbortSignal) => judgePort(port, setting, cluster.name, signal),
    })),
  ];
}

async function judgeKind(signal: AbortSignal): Promise<Outcome> {
  const { code, stdout, complaint } = await ask("kind", ["version"], signal);
  const install = "Install kind: https://kind.sigs.k8s.io/docs/user/quick-start/#installation.";
  if (code === undefined) return failed("the kind command is not on PATH", install);
  const version = /^kind (v\S+)/.exec(stdout)?.[1];
  if (code === 0 && version !== undefined) return ok(`kind ${version}`);
  return failed(`kind version says ${complaint || "nothing that is a version"}`, install);
}

async function judgeDocker(signal: AbortSignal): Promise<Outcome> {
  const format = "{{.ServerVersion}}";
  const { code, stdout, complaint } = await ask("docker", ["info", "--format", format], signal);
  if (code === undefined)
    return failed("the docker command is not on PATH", "Install Docker and start it.");
  const version = stdout.trim();
  if (code === 0 && version !== "") return ok(`Docker ${version} answers`);
  return failed(
    `Docker does not answer (${complaint || "without a message"})`,
    "Start Docker, and let this user use it.",
  );
}

/** The cluster may exist already, with what it needs. */
async function limitProblems(
  application: Application,
  cluster: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const args = ["ps", "--quiet", "--filter", `label=io.x-k8s.kind.cluster=${cluster}`];
  const { code, stdout } = await ask("docker", args, signal);
  const runs = code === 0 && stdout.trim() !== "";
  return runs ? runningNodeProblems() : newNodeProblems(application);
}

async function judgePort(
  port: number,
  setting: string,
  cluster: string,
  signal: AbortSignal,
): Promise<Outcome> {
  if (await isFree(port, signal)) return ok(`free on 127.0.0.1, for ${setting}`);
  // Only this cluster may hold the port: it then exists already.
  const args = [
    "ps",
    "--filter",
    `label=io.x-k8s.kind.cluster=${cluster}`,
    "--format",
    "{{.Ports}}",
  ];
  const { code, stdout } = await ask("docker", args, signal);
  if (code === 0 && stdout.includes(`:${port}->`))
    return ok(`held by the cluster ${cluster} itself`);
  return failed(
    `taken on 127.0.0.1, and not by the cluster ${cluster}`,
    `End what listens there, or set ${setting} to another port.`,
  );
}

/** Whether no program listens. Docker binds the port for the user, so a port that only root may bind is free too. */
async function isFree(port: number, signal: AbortSignal): Promise<boolean> {
  const refusal = await bind(port);
  return refusal === undefined || (refusal !== "EADDRINUSE" && !(await connects(port, signal)));
}

/** The code of the error, if there is one. */
function bind(port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? "unknown");
    });
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

function connects(port: number, signal: AbortSignal): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port, signal });
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
