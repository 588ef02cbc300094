/** Connections of a pod that are not redirected to its sidecar, by the arguments of Istio's own first container. */
import type { Container, Pod, Service } from "./kubernetes";
import type { Finding } from "./finding";
import { sidecarOf } from "../../stack/pods";
import { isInitContainer } from "./sidecar-containers";
import { attemptAt, portsOf } from "./sidecars";
import { blame, distinct, type ProtectedWorkload } from "./workloads";

/** The inbound ports that Istio leaves to the sidecar itself: its metrics, its health and its agent. */
const sidecarPorts = ["15090", "15021", "15020"];

/**
 * Values of istio-iptables' flags with which everything is redirected to the sidecar; the other flags must not be
 * given.
 */
const asInjected: Readonly<Record<string, RegExp>> = {
  p: /^15001$/,
  z: /^15006$/,
  u: /^1337$/,
  m: /^(REDIRECT|TPROXY)$/,
  i: /^\*$/,
  x: /^$/,
  b: /^\*$/,
  q: /^$/,
  o: /^$/,
  k: /^$/,
  c: /^$/,
};

/** Flags that do not change what is redirected. */
const harmless =
  /^--(log_output_level=\w[\w:,]*|log_as_json|run-validation|skip-rule-apply|force-apply|native-nftables)$/;

const meanings: Readonly<Record<string, (value: string) => string>> = {
  p: (port) => `what it sends is led to port ${port}, which is not the sidecar's`,
  z: (port) => `what is sent to it is led to port ${port}, which is not the sidecar's`,
  u: (user) => `what the user ${user} sends in it goes past the sidecar`,
  m: (mode) => `its interception mode is ${mode}: nothing is led to the sidecar`,
  i: (ranges) => `only what it sends to ${ranges || "(nothing)"} goes through the sidecar`,
  x: (ranges) => `what it sends to ${ranges} goes past the sidecar`,
  q: (ports) => `ports ${ports} are led to the sidecar by a rule of their own`,
  o: (ports) => `what it sends to ports ${ports} goes past the sidecar`,
  k: (interfaces) => `what comes by the interfaces ${interfaces} goes past the sidecar`,
  c: (interfaces) => `what goes by the interfaces ${interfaces} goes past the sidecar`,
};

/** The arguments of istio-iptables. */
export interface Interception {
  /** By the flag's letter. */
  readonly flags: ReadonlyMap<string, string>;
  /** Arguments that Istio's injector does not give. */
  readonly others: readonly string[];
}

/** Reads the arguments. */
export function interceptionOf(args: readonly string[]): Interception {
  const flags = new Map<string, string>();
  const others: string[] = [];
  for (let at = args[0] === "istio-iptables" ? 1 : 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const letter = /^-([a-z])$/.exec(arg)?.[1];
    if (letter !== undefined && (letter in asInjected || letter === "d")) {
      flags.set(letter, args[(at += 1)] ?? "");
    } else if (!harmless.test(arg)) others.push(arg);
  }
  return { flags, others };
}

/**
 * The connections of these pods that bypass their sidecars.
 * @param pods the pods to judge, of the namespaces whose pods have to have a sidecar
 * @param services of every namespace: they say on which ports a pod may listen
 * @param metadata the environment that the mesh gives every proxy
 */
export function interceptionFindings(
  workloads: readonly ProtectedWorkload[],
  pods: readonly Pod[],
  services: readonly Service[],
  metadata: Readonly<Record<string, unknown>>,
): readonly Finding[] {
  const found = pods
    .filter((pod) => sidecarOf(pod) !== undefined)
    .flatMap((pod): readonly Finding[] => {
      const finding = blame(pod, workloads);
      const init = pod.spec?.initContainers?.find(isInitContainer);
      if (init === undefined)
        return openPorts(
          workloads,
          pod,
          orEach(portsOf(pod, services)),
          "nothing leads requests to its sidecar",
        );
      const { flags, others } = interceptionOf(init.args ?? []);
      const changed = Object.entries(asInjected).filter(
        ([flag, usual]) => flag !== "b" && !usual.test(flags.get(flag) ?? defaultOf(flag)),
      );
      return [
        ...inboundFindings(workloads, pod, services, flags),
        ...changed.map(([flag]) => ({
          ...finding,
          opens:
            meanings[flag]?.(flags.get(flag) ?? "") ?? `istio-iptables is called with -${flag}`,
        })),
        ...[...others, ...environmentOf(init, metadata)].map((what) => ({
          ...finding,
          opens: `${init.name} has ${what}, which Istio does not give it: it decides what goes past the sidecar`,
        })),
      ];
    });
  return distinct(found);
}

/** istio-iptables' default for a flag: for an optional one, everything. */
const defaultOf = (flag: string) => (["q", "o", "k", "c", "x"].includes(flag) ? "" : "(none)");

function inboundFindings(
  workloads: readonly ProtectedWorkload[],
  pod: Pod,
  services: readonly Service[],
  flags: Interception["flags"],
): readonly Finding[] {
  const excluded = listOf(flags.get("d")).filter((port) => !sidecarPorts.includes(port));
  const included = flags.get("b") ?? "";
  const others = portsOf(pod, services).filter((port) => !listOf(included).includes(String(port)));
  return [
    ...openPorts(workloads, pod, excluded, "it is excluded from what is led to the sidecar"),
    ...(included === "*"
      ? []
      : openPorts(
          workloads,
          pod,
          orEach(others),
          `only ${included === "" ? "no port" : `port ${included}`} is led to the sidecar`,
        )),
  ];
}

/** If no port is declared, a pod may listen on any. */
const orEach = (ports: readonly number[]) => (ports.length === 0 ? ["by any number"] : ports);

const listOf = (ports = "") => ports.split(",").filter((port) => port !== "");

function openPorts(
  workloads: readonly ProtectedWorkload[],
  pod: Pod,
  ports: readonly (number | string)[],
  because: string,
): readonly Finding[] {
  return ports.map((port) => ({
    ...blame(pod, workloads),
    opens: `port ${port} answers any caller, in plain text and without a token: ${because}`,
    ...(Number.isInteger(Number(port)) && attemptAt(workloads, pod, Number(port))),
  }));
}

/** Each flag can also come from the environment. */
function environmentOf(
  { env = [], envFrom = [] }: Container,
  metadata: Readonly<Record<string, unknown>>,
): readonly string[] {
  return [
    ...env
      .filter(({ name, value }) => metadata[name] === undefined || metadata[name] !== value)
      .filter(({ name }) => decides.test(name))
      .map(({ name, value = "" }) => `${name}=${value}`),
    ...envFrom.map(() => "an environment from elsewhere"),
  ];
}

const decides =
  /^(ISTIO|INBOUND|ENVOY|PROXY|KUBE_VIRT|DRY_RUN|SKIP|CLEANUP|CNI|NETWORK|DUAL|RECONCILE|INVALID|DROP|FORCE|NATIVE|IPTABLES|REDIRECT|CAPTURE)/;
