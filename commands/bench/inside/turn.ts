/** The same request again and again for one turn. */
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { UserError } from "../../../lib/errors";

/** Far from what the services can take: what is measured is the way, and no queue. */
const load = { connections: 4, requestsPerSecond: 100 };

/** Of each turn, in milliseconds. */
const duration = 10_000;

/** Without measuring, in milliseconds: connections are made meanwhile. */
const warmUp = 2_000;

/**
 * Measures one turn, over connections of its own: Envoy judges a connection that was there before by the policies that
 * it began with, until it is drained.
 * @returns the microseconds of every request
 * @throws UserError when one was not answered with 200
 */
export async function measureTurn(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<readonly number[]> {
  const samples: number[] = [];
  let refused = 0;
  let measured = false;
  const instance = autocannon(
    {
      url,
      headers: { ...headers },
      connections: load.connections,
      overallRate: load.requestsPerSecond,
      duration: 24 * 3600,
    },
    () => undefined,
  );
  instance.on("response", (_client, status, _bytes, milliseconds) => {
    if (!measured) return;
    if (status === 200) samples.push(Math.round(milliseconds * 1000));
    else refused += 1;
  });
  try {
    await pause(warmUp);
    measured = true;
    await pause(duration);
    measured = false;
  } finally {
    instance.stop();
  }
  if (refused > 0 || samples.length === 0)
    throw new UserError(`${refused} requests failed, ${samples.length} succeeded`);
  return samples;
}
