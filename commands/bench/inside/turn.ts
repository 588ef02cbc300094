/** Sends the same requests again and again for one turn. */
import { setTimeout as pause } from "node:timers/promises";
import autocannon from "autocannon";
import { UserError } from "../../../lib/errors";

/** Far below what the services can handle, so that the path is measured and not a queue. */
const load = { connections: 4, requestsPerSecond: 100 };

/** In milliseconds. */
export interface Length {
  /** Of the measurement. */
  readonly duration: number;
  /** Before it: connections are made. */
  readonly warmUp: number;
}

const usual: Length = { duration: 10_000, warmUp: 2_000 };

/**
 * Measures one turn, with new connections: Envoy judges an older connection by the policies with which it began, until
 * it is drained.
 * @param urls of one origin; each connection asks for them one after the other
 * @returns the microseconds of every request, by URL
 * @throws UserError when a request was not answered with 200
 */
export async function measureTurn(
  urls: readonly string[],
  headers: Readonly<Record<string, string>>,
  { duration, warmUp } = usual,
): Promise<readonly (readonly number[])[]> {
  const samples = urls.map((): number[] => []);
  // Of the response that is told of next: autocannon's event does not say what it is the response to.
  let answered: number[] | undefined;
  let refused = 0;
  let measured = false;
  const instance = autocannon(
    {
      url: urls[0] ?? "",
      headers: { ...headers },
      requests: urls.map((url, position) => ({
        path: new URL(url).pathname,
        onResponse: () => {
          answered = samples[position];
        },
      })),
      connections: load.connections,
      overallRate: load.requestsPerSecond,
      duration: 24 * 3600,
    },
    () => undefined,
  );
  instance.on("response", (_client, status, _bytes, milliseconds) => {
    if (!measured) return;
    if (status === 200) answered?.push(Math.round(milliseconds * 1000));
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
  if (refused > 0 || samples.some((each) => each.length === 0))
    throw new UserError(`${refused} requests failed, ${samples.flat().length} succeeded`);
  return samples;
}
