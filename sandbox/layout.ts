import { homedir } from "node:os";
import { join } from "node:path";
import { ownProject, type Project } from "../stack/project";
import { digest } from "./files";

/** The stack of every project's sandbox; its settings are in Pulumi.sandbox.yaml. */
export const stackName = "sandbox";

/** The clone this code runs from. */
export const clone = join(__dirname, "..");

/**
 * Where the sandbox keeps things: what any clone may use again in the cache, what belongs to this clone
 * in the state (XDG Base Directory Specification). Both are private to their owner.
 */
export interface Layout {
  /** Whose stack it is: every project of a clone has a sandbox of its own. */
  readonly project: Project;
  /** Tools and images, by version. */
  readonly cache: string;
  /** Names this clone's sandbox among those of other clones, and of other state folders. */
  readonly name: string;
  /** The node's state, the tenant's, Pulumi's, and what ties them together. `down` removes it. */
  readonly state: string;
  readonly node: string;
  readonly tenant: string;
  readonly pulumi: string;
  /** For temporary files: nobody else can put any there, and `down` removes what a killed command left. */
  readonly temporary: string;
  /** What /etc/hosts says to the sandbox's own processes. */
  readonly hosts: string;
  /** Held while a command changes the sandbox. */
  readonly lock: string;
}

/** The layout for an environment; a folder named there must be absolute, otherwise it is ignored, as the specification says. */
export function layout(
  environment: NodeJS.ProcessEnv = process.env,
  root = clone,
  project = ownProject(),
): Layout {
  const cache = join(folder(environment.XDG_CACHE_HOME, ".cache"), "istio-auth0");
  const home = join(folder(environment.XDG_STATE_HOME, ".local/state"), "istio-auth0");
  const name = `istio-auth0-${digest(join(root, project.place), home).slice(0, 8)}`;
  const state = join(home, name);
  return {
    project,
    cache,
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
