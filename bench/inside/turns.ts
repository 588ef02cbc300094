/** The same request again and again, over the same connections all the time, measured in turns. */
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { Failure } from "../../sandbox/failure";

/** Far from what the services can take: what is measured is the way, and no queue. */
const load = { connections: 4, requestsPerSecond: 100 };

/** Of each turn, in milliseconds. */
const duration = 10_000;

/** Without measuring, after a change has reached everybody, in milliseconds: connections are made anew meanwhile. */
const warmUp = 2_000;

export class Turns {
  readonly #instance: autocannon.Instance;
  #turn: number[] | undefined;
  #refused = 0;

  /** Begins to send. */
  constructor(url: string, headers: Readonly<Record<string, string>>) {
    const options = {
      url,
      headers: { ...headers },
      connections: load.connections,
      overallRate: load.requestsPerSecond,
      duration: 24 * 3600,
    };
    this.#instance = autocannon(options, () => undefined);
    this.#instance.on("response", (_client, status, _bytes, milliseconds) => {
      this.#take(status, milliseconds);
    });
  }

  /** The microseconds of every request of one turn. @throws Failure when one was not answered with 200 */
  async next(): Promise<readonly number[]> {
    await pause(warmUp);
    const samples: number[] = (this.#turn = []);
    await pause(duration);
    this.#turn = undefined;
    if (this.#refused > 0 || samples.length === 0) {
      throw new Failure(`${this.#refused} requests failed, ${samples.length} succeeded`);
    }
    return samples;
  }

  stop(): void {
    this.#instance.stop();
  }

  #take(status: number, milliseconds: number): void {
    if (this.#turn === undefined) return;
    if (status === 200) this.#turn.push(Math.round(milliseconds * 1000));
    else this.#refused += 1;
  }
}
