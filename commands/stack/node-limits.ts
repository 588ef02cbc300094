/** What the kernel lets a node on this machine have: kind's, or the sandbox's. */
import type { Application } from "../../components/application";
import { proxyUser } from "../../components/names";
import { inotifyProblems, perNode, perSidecar } from "../../lib/inotify";

/** Sidecars next to those of the services: the gateway's, verify's, and two for further versions or a login. */
const furtherSidecars = 4;

/** Why the machine cannot run a new node with this application's services, a line for each reason. */
export function newNodeProblems({ services }: Application, proc?: string): readonly string[] {
  const sidecars = Object.keys(services).length + furtherSidecars;
  return problems(perNode, sidecars * perSidecar, proc);
}

/** Why a node that runs cannot have one program or one sidecar more. */
export const runningNodeProblems = (proc?: string): readonly string[] =>
  problems(1, perSidecar, proc);

function problems(programs: number, sidecars: number, proc?: string): readonly string[] {
  const wanted = [
    { user: 0, instances: programs },
    { user: proxyUser, instances: sidecars },
  ];
  return inotifyProblems(wanted, proc);
}
