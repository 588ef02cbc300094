/** Sends the same request again and again for one turn. */
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { UserError } from "../../../lib/errors";

/** Far below what the services can handle, so that the path is measured and not a queue. */
const load = { connections: 4, requestsPerSecond: 100 };

/** The length of each turn, in milliseconds. */
const duration = 10_000;

/** Milliseconds before the measurement, in which connections are made. */
const warmUp = 2_000;

/**
 * Measures one turn, with new connections: Envoy judges an older connection by the policies with which it began, until
 * it is drained.
 * @returns the microseconds of every request
 * @throws UserError when a request was not answered with 200
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
