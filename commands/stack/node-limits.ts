/** The kernel's limits for a node on this machine: kind's, or the sandbox's. */
import type { Application } from "../../components/application";
import { proxyUser } from "../../components/names";
import { inotifyProblems, perNode, perSidecar } from "../../lib/inotify";

/** Sidecars in addition to those of the services: the gateway's, verify's, and two for further versions or a login. */
const furtherSidecars = 4;

/** Why the machine cannot run a new node with this application's services, one line for each reason. */
export function newNodeProblems({ services }: Application, proc?: string): readonly string[] {
  const sidecars = Object.keys(services).length + furtherSidecars;
  return problems(perNode, sidecars * perSidecar, proc);
}

/** Why a running node cannot have one more program or sidecar. */
export const runningNodeProblems = (proc?: string): readonly string[] =>
  problems(1, perSidecar, proc);

function problems(programs: number, sidecars: number, proc?: string): readonly string[] {
  const wanted = [
    { user: 0, instances: programs },
    { user: proxyUser, instances: sidecars },
  ];
  return inotifyProblems(wanted, proc);
}
