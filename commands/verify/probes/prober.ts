/** Sends requests from one place: the probe script, and the pipe to it. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { deflateRawSync } from "node:zlib";
import { z } from "zod";
import { UserError, firstLine } from "../../../lib/errors";
import { plainAnswer } from "./grpc-answers";
import type { Identity } from "./identities";

/** One request, sent as it is written: the path is not normalized. */
export interface ProbeRequest {
  /**
   * - `http`: HTTP/1.1.
   * - `http2`: HTTP/2 without an upgrade.
   * - `grpc`: a call of the method that is `path`, over HTTP/2.
   * - `tcp`: a new connection; method, path and headers do not count.
   *
   * Default: `http`.
   */
  readonly protocol?: "http" | "http2" | "grpc" | "tcp";
  /** Scheme, host and port. With `https` it is TLS; with any other scheme an identity makes it mutual TLS. */
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  /** A header with several values is sent several times. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** How many bytes of the answer's body are kept. Default: 4096. */
  readonly bodyLimit?: number;
  /** What is sent, in base64: the body, the message of `grpc`, or what `tcp` begins with. Default: nothing, or an empty message. */
  readonly payload?: string;
}

const answer = z.object({
  status: z.int(),
  /** The few headers that identify the server. */
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  /** Its beginning: see `bodyLimit`. Of gRPC: its message for people. */
  body: z.string(),
});
const received = z.object({
  /** The first that came back over TCP, 64 at most, in base64. */
  bytes: z.string(),
});
const failure = z.object({
  /**
   * Node's error code. ECONNRESET is a connection that was established and then reset or closed
   * before any answer; with words behind it, one that was reset at another point.
   */
  error: z.string(),
});
const observations = z.array(z.union([answer, received, failure]));

export type Answer = z.infer<typeof answer>;

/** What came back: an answer, bytes over TCP, or the reason why nothing came. */
export type Observed = Answer | z.infer<typeof received> | z.infer<typeof failure>;

/** Sends batches of requests; each batch's results are in the order of its requests. */
export interface Prober {
  /**
   * @param identity the workload identity to send with. Left out: that of the probe's place
   * @throws UserError when the probe ended before it answered
   */
  send(requests: readonly ProbeRequest[], identity?: Identity): Promise<readonly Observed[]>;
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
    async send(requests, identity) {
      if (ended) throw lost();
      const line = await new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        streams.input.write(`${JSON.stringify({ deadline, authority, identity, requests })}\n`);
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
