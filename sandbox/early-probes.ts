/** Verify's pods, started while the engine still works: both wait for the cluster most of the time. */
import type { Application } from "../components/application";
import { startProbes, type Probes } from "../commands/verify/probes/probes";
import { readIfThere } from "../lib/files";

/** The services' accounts are made when the mesh is there, which gives one of the pods its sidecar. */
const accountType = "kubernetes:core/v1:ServiceAccount";

export class EarlyProbes {
  #probes: Probes | undefined;
  /** Whether they were started before the engine had done what they depend on. */
  #premature = false;
  #accounts = 0;

  /** @param kubeconfig its path */
  constructor(
    private readonly application: Application,
    private readonly kubeconfig: string,
  ) {}

  /** Starts them now, before the engine has looked at anything: mostly nothing has changed. */
  start(): void {
    this.#begin();
    this.#premature = true;
  }

  /** Takes the type of a resource that is as it should be; with the last service account the pods are started. */
  made(type: string): void {
    if (type !== accountType) return;
    this.#accounts += 1;
    const { services } = this.application;
    if (this.#accounts === Object.keys(services).length && this.#probes === undefined) {
      this.#begin();
    }
  }

  #begin(): void {
    const kubeconfig = readIfThere(this.kubeconfig);
    if (kubeconfig !== undefined)
      this.#probes = startProbes({ application: this.application, kubeconfig });
  }

  /**
   * The pods, once the engine has done its work; undefined where they cannot be used.
   * @param unchanged whether it had nothing to do
   */
  async take(unchanged: boolean): Promise<Probes | undefined> {
    const usable = this.#probes?.failed === false && (unchanged || !this.#premature);
    if (!usable) await this.discard();
    return this.#probes;
  }

  /** Removes them, where the cluster still answers. Where it does not, that is not what went wrong first. */
  async discard(): Promise<void> {
    await this.#probes?.remove().catch(() => undefined);
    this.#probes = undefined;
  }
}
