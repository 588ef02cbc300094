/** Sends requests from one place: the probe script, and the pipe to it. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { UserError, firstLine } from "../../../lib/errors";
import { plainAnswer } from "./grpc-answers";
import type { Identity } from "./identities";
import { observations, type Observed, type ProbeRequest } from "./observed";

/** How a batch of requests is sent. */
export interface SendOptions {
  /** The workload identity to send with. Default: that of the probe's place */
  readonly identity?: Identity | undefined;
  /** Milliseconds that each request may take, connection included. Default: the probe's own deadline */
  readonly withinMs?: number;
}

/** Sends batches of requests; each batch's results are in the order of its requests. */
export interface Prober {
  /** @throws UserError when the probe ended before it answered */
  send(requests: readonly ProbeRequest[], options?: SendOptions): Promise<readonly Observed[]>;
  close(): void;
}

const script = deflateRawSync(readFileSync(join(__dirname, "probe-script.mjs"))).toString("base64");

/**
 * Node's arguments that run the probe script; requests, and so tokens, go to its standard input. For a pod they are in
 * the address of a request to the API server. Servers in front of it limit its length, some of them to 8 KB, so that the
 * script is compressed.
 */
export const probeArguments: readonly string[] = [
  "--input-type=module",
  "-e",
  `import { inflateRawSync } from "node:zlib";
const script = inflateRawSync(Buffer.from("${script}", "base64"));
await import(\`data:text/javascript;base64,\${script.toString("base64")}\`);`,
];

/** A running probe script's ends. */
export interface ProbeStreams {
  readonly input: Writable;
  readonly output: Readable;
  readonly errors: Readable;
  /** Ends the script. */
  close(): void;
}

/** Milliseconds that a request may take, connection included. */
const defaultDeadline = 10_000;

export interface ProbeOptions {
  /** Milliseconds for each request. Default: 10 000. */
  readonly deadline?: number;
  /** PEM of a private authority that it trusts in addition to the public ones. Default: none. */
  readonly authority?: string | undefined;
}

/**
 * Communicates with a running probe script.
 * @param place where it runs, for errors
 */
export function proberOver(
  place: string,
  streams: ProbeStreams,
  { deadline = defaultDeadline, authority }: ProbeOptions = {},
): Prober {
  const waiting: { resolve: (line: string) => void; reject: (reason: Error) => void }[] = [];
  let complaint = "";
  let ended = false;
  const lost = () =>
    new UserError(
      `the probe ${place} ended before it answered${complaint && `: ${firstLine(complaint)}`}`,
    );
  // Its end is noticed below, at the end of its output.
  streams.input.on("error", () => undefined);
  streams.errors.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, 10_000);
  });
  createInterface({ input: streams.output })
    .on("line", (line) => waiting.shift()?.resolve(line))
    .on("close", () => {
      ended = true;
      for (const { reject } of waiting.splice(0)) reject(lost());
    });
  return {
    async send(requests, { identity, withinMs = deadline } = {}) {
      if (ended) throw lost();
      const line = await new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        const batch = { deadline: withinMs, authority, identity, requests };
        streams.input.write(`${JSON.stringify(batch)}\n`);
      });
      return parseResults(place, line, requests.length).map((observed, position) =>
        requests[position]?.protocol === "grpc" ? plainAnswer(observed) : observed,
      );
    },
    close: () => {
      streams.close();
    },
  };
}

function parseResults(place: string, line: string, count: number): readonly Observed[] {
  try {
    const results = observations.parse(JSON.parse(line));
    if (results.length === count) return results;
  } catch {
    // The message below is all that the user can use.
  }
  throw new UserError(`the probe ${place} answered with something that is not its results`);
}

/** A probe where this program runs. */
export function localProber(options: ProbeOptions = {}): Prober {
  // In a process group of its own: Ctrl-C is for this program, which then ends its probe.
  const child = spawn(process.execPath, probeArguments, { stdio: "pipe", detached: true });
  child.on("error", () => undefined);
  const streams = {
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    close: () => child.kill(),
  };
  return proberOver("on this machine", streams, options);
}
