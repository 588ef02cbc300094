/**
 * Sends requests with a valid token through the gateway to productpage and details, over the same connections all
 * the time, with the application's policies and without, in turns: `latency.ts REPEAT` in the sandbox's shell, for
 * twice as many pairs of turns. It prints each request's microseconds by turn.
 */
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { z } from "zod";
import { stackName } from "../../sandbox/configuration";
import { exitWith, Failure } from "../../sandbox/failure";
import { StackError } from "../../stack/errors";
import { bookinfo } from "../../components/access";
import { readOutputs, type StackOutputs } from "../../stack/outputs";
import { printOutput } from "../output";
import { Policies } from "./policies";

/** Far from what the services can take: what is measured is the way, and no queue. */
const load = { connections: 4, requestsPerSecond: 100 };

/** Of each turn, in milliseconds. */
const duration = 10_000;

/** Without measuring, after a change has reached everybody, in milliseconds: connections are made anew meanwhile. */
const warmUp = 2_000;

/** For a change to reach every sidecar, in milliseconds. */
const patience = 60_000;

/** So many requests in a row have to be answered as a change asks for: they go over different connections. */
const agreeing = 20;

const path = "/api/v1/products/0";

/** A token of the first machine that may read what is asked for. */
async function validToken(outputs: StackOutputs): Promise<string> {
  const machine = outputs.viewers.machines.find(({ permissions }) =>
    permissions.includes("read:book-details"),
  );
  if (machine === undefined) throw new Failure("no machine may read details");
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: outputs.clientIds.machines[machine.name] ?? "",
    client_secret: outputs.clientSecrets.machines[machine.name] ?? "",
    audience: outputs.audience,
  });
  const response = await fetch(new URL("oauth/token", outputs.issuer), { method: "POST", body });
  if (!response.ok) throw new Failure(`the tenant refused a token: ${response.status}`);
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}

/** Waits until requests are answered with a status only. A request without a token tells whether policies count. */
async function until(status: number, url: string, headers: Record<string, string>): Promise<void> {
  const deadline = Date.now() + patience;
  for (let agreed = 0; agreed < agreeing;) {
    if (Date.now() > deadline) throw new Failure(`${url} is not answered with ${status} only`);
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    agreed = response.status === status ? agreed + 1 : 0;
  }
}

/** What is collected while a turn is measured. */
class Collector {
  #turn: number[] | undefined;
  #refused = 0;

  /** Takes one answer. */
  take(status: number, milliseconds: number): void {
    if (this.#turn === undefined) return;
    if (status === 200) this.#turn.push(Math.round(milliseconds * 1000));
    else this.#refused += 1;
  }

  /** The microseconds of every request of one turn. @throws Failure when one was not answered with 200 */
  async turn(): Promise<readonly number[]> {
    await pause(warmUp);
    const samples: number[] = (this.#turn = []);
    await pause(duration);
    this.#turn = undefined;
    if (this.#refused > 0 || samples.length === 0) {
      throw new Failure(`${this.#refused} requests failed, ${samples.length} succeeded`);
    }
    return samples;
  }
}

type Enforcement = "on" | "off";

/** Two pairs, of which one begins with each: a place in the order is no reason to be fast or slow. */
const order: readonly Enforcement[] = ["on", "off", "off", "on"];

async function measure(repeat: number, url: string, token: string, policies: Policies) {
  const authorization = { authorization: `Bearer ${token}` };
  const collector = new Collector();
  const options = {
    url,
    headers: authorization,
    connections: load.connections,
    overallRate: load.requestsPerSecond,
    duration: 24 * 3600,
  };
  const instance = autocannon(options, () => undefined);
  instance.on("response", (_client, status, _bytes, milliseconds) => {
    collector.take(status, milliseconds);
  });
  const turns: Record<Enforcement, (readonly number[])[]> = { on: [], off: [] };
  let enforcement: Enforcement = "on";
  const change: Readonly<Record<Enforcement, () => Promise<void>>> = {
    async on() {
      await policies.restore();
      await until(403, url, {});
      await until(200, url, authorization);
    },
    async off() {
      await policies.remove();
      await until(200, url, {});
    },
  };
  try {
    for (let round = 0; round < repeat; round += 1) {
      for (const next of order) {
        if (next !== enforcement) await change[next]();
        enforcement = next;
        turns[next].push(await collector.turn());
      }
    }
  } finally {
    instance.stop();
  }
  return turns;
}

/** Lets what is under way end first: the policies are put back. */
function untilInterrupted(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        reject(new Failure(`ended by ${signal}`));
      });
    }
  });
}

async function main(): Promise<number> {
  const outputs = await readOutputs(bookinfo, process.cwd(), stackName);
  const url = new URL(path, outputs.gatewayUrl).href;
  const policies = await Policies.read();
  const token = await validToken(outputs);
  const measured = measure(Number(process.argv[2]), url, token, policies);
  try {
    printOutput(await Promise.race([measured, untilInterrupted()]));
  } finally {
    await policies.restore();
  }
  return 0;
}

exitWith(main(), StackError);
