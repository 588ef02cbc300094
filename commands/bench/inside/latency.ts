/**
 * Sends requests with a valid token, or a session, through the gateway to productpage and details, with the policies
 * that judge them and without, in turns: `latency.ts REPEAT CALLER` in the sandbox's shell, for twice as many pairs of
 * turns. It prints each request's microseconds by turn.
 */
import { application } from "../../../application";
import { stackName } from "../../stack/project";
import { UserError } from "../../../lib/errors";
import { endingSignals, exitWith } from "../../../lib/run";
import type { Fetch } from "../../../lib/http";
import { clientOf } from "../../stack/client";
import { readOutputs } from "../../stack/outputs";
import { printOutput } from "../output";
import { callerNames } from "../parts/latency";
import { type Caller, callers, type Enforcement, untilAnswered } from "./callers";
import { Policies } from "./policies";
import { measureTurn } from "./turn";

const path = "/api/v1/products/0";

/** Two pairs, one beginning with each: so the order makes neither faster. */
const order: readonly Enforcement[] = ["on", "off", "off", "on"];

async function measure(
  repeat: number,
  fetch: Fetch,
  url: string,
  caller: Caller,
  policies: Policies,
) {
  const turns: Record<Enforcement, (readonly number[])[]> = { on: [], off: [] };
  const change: Readonly<Record<Enforcement, () => Promise<void>>> = {
    on: () => policies.restore(),
    off: () => policies.remove(),
  };
  let enforcement: Enforcement = "on";
  for (let round = 0; round < repeat; round += 1) {
    for (const next of order) {
      if (next !== enforcement) await change[next]();
      enforcement = next;
      for (const sign of caller.signs[next]) await untilAnswered(fetch, url, sign);
      turns[next].push(...(await measureTurn([url], caller.headers)));
    }
  }
  return turns;
}

/** Lets the measurement end first, so that the policies are restored. */
function untilInterrupted(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of endingSignals) {
      process.once(signal, () => {
        reject(new UserError(`ended by ${signal}`));
      });
    }
  });
}

async function main(): Promise<number> {
  const [, , repeat, name] = process.argv;
  const known = callerNames.find((one) => one === name);
  if (known === undefined) throw new UserError(`there is no caller "${name ?? ""}"`);
  const outputs = await readOutputs(application, process.cwd(), stackName);
  const url = new URL(path, outputs.gatewayUrl).href;
  const fetch = clientOf(outputs);
  const caller = await callers[known](outputs, fetch);
  const policies = await Policies.read(caller.namespaces);
  const measured = measure(Number(repeat), fetch, url, caller, policies);
  try {
    printOutput(await Promise.race([measured, untilInterrupted()]));
  } finally {
    await policies.restore();
  }
  return 0;
}

exitWith(main());
