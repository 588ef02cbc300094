import { homedir } from "node:os";
import { join } from "node:path";
import { digest } from "../lib/files";

/**
 * Where the programs of this machine keep files: what can be reused in the cache, what belongs to one sandbox in the
 * state (XDG Base Directory Specification). Only their owner may enter both.
 */
export interface Folders {
  /** Tools and images, by version. */
  readonly cache: string;
  /** Distinguishes this sandbox from those of other clones, projects and state folders. */
  readonly name: string;
  /** The state of the node, the tenant and Pulumi, and what connects them. `down` removes it. */
  readonly state: string;
  readonly node: string;
  readonly tenant: string;
  readonly pulumi: string;
  /** For temporary files: no other user can write here, and `down` removes what a killed command left. */
  readonly temporary: string;
  /** The /etc/hosts that the sandbox's own processes read. */
  readonly hosts: string;
  /** A lock that a command holds while it changes the sandbox. */
  readonly lock: string;
}

/** Where tools and images are, for every sandbox of this user. */
export const cacheFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(folder(environment.XDG_CACHE_HOME, ".cache"), "istio-auth0");

/**
 * The folders for an environment. A folder named there must be absolute; otherwise it is ignored, as the specification
 * says.
 * @param place the project's folder
 */
export function foldersOf(place: string, environment: NodeJS.ProcessEnv): Folders {
  const home = join(folder(environment.XDG_STATE_HOME, ".local/state"), "istio-auth0");
  const name = `istio-auth0-${digest(place, home).slice(0, 8)}`;
  const state = join(home, name);
  return {
    cache: cacheFolder(environment),
    name,
    state,
    node: join(state, "node"),
    tenant: join(state, "tenant"),
    pulumi: join(state, "pulumi"),
    temporary: join(state, "tmp"),
    hosts: join(state, "hosts"),
    lock: join(home, `${name}.lock`),
  };
}

function folder(named: string | undefined, otherwise: string): string {
  return named?.startsWith("/") ? named : join(homedir(), otherwise);
}
