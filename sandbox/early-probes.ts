/** Verify's pods, started while the engine is still working: both wait for the cluster most of the time. */
import type { Application } from "../components/application";
import { startProbes, type Probes } from "../commands/verify/probes/probes";
import { readIfThere } from "../lib/files";

/** The services' accounts are made when the mesh is there, which injects the sidecar of one of the pods. */
const accountType = "kubernetes:core/v1:ServiceAccount";

export class EarlyProbes {
  #probes: Probes | undefined;
  /** Whether they were started before the engine had made what they depend on. */
  #premature = false;
  #accounts = 0;

  /** @param kubeconfig its path */
  constructor(
    private readonly application: Application,
    private readonly kubeconfig: string,
  ) {}

  /** Starts them now, before the engine has checked anything: usually nothing has changed. */
  start(): void {
    this.#begin();
    this.#premature = true;
  }

  /** Takes the type of a resource that is up to date; after the last service account the pods are started. */
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
   * The pods, when the engine has finished; undefined if they cannot be used.
   * @param unchanged whether it had nothing to do
   */
  async take(unchanged: boolean): Promise<Probes | undefined> {
    const usable = this.#probes?.failed === false && (unchanged || !this.#premature);
    if (!usable) await this.discard();
    return this.#probes;
  }

  /** Removes them, if the cluster still answers. If it does not, that is not the first error. */
  async discard(): Promise<void> {
    await this.#probes?.remove().catch(() => undefined);
    this.#probes = undefined;
  }
}
