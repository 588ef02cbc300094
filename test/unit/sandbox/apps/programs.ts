/** Runs the programs of the sandbox's images from their files, with neighbours that a test controls, and sends requests. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after } from "node:test";

/** Milliseconds that anything may take before a test gives up on it. */
export const deadline = 10_000;

/** A service under test, in a process of its own. */
export interface Service {
  readonly process: ChildProcess;
  readonly port: number;
  /** Lines that it printed so far; all of them once it has ended. */
  readonly printed: readonly string[];
  /** Lines that it complained in so far. */
  readonly complaints: readonly string[];
}

/** What a service answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A neighbour made of a function, which remembers what it was asked. */
export interface Neighbour {
  readonly port: number;
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
}

/** Writes built programs into a folder that goes when this process ends: its test files share them. */
export async function writePrograms(
  built: Promise<Readonly<Record<string, Uint8Array>>>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-apps-"));
  process.on("exit", () => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, content] of Object.entries(await built)) {
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Starts a program, and waits until it listens. */
export async function startProgram(
  making: Promise<string>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const started: ChildProcess[] = [];
  // Before it is waited for: another file of this process may have begun to make it, and `after` would be that file's.
  after(() => {
    for (const one of started) one.kill("SIGKILL");
  });
  const program = await making;
  const child = spawn(process.execPath, [program], {
    env: { PORT: "0", BIND_ADDRESS: "127.0.0.1", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => complaints.push(line));
  const printed: string[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => printed.push(line));
  const signal = AbortSignal.timeout(deadline);
  await Promise.race([once(lines, "line", { signal }), once(lines, "close", { signal })]);
  const port = / listens on port (\d+)$/.exec(printed[0] ?? "")?.[1];
  assert(port, `${program} printed ${printed[0] ?? "nothing"}, ${complaints.join(" ")}`);
  return { process: child, port: Number(port), printed, complaints };
}

/** Runs a program that ends by itself, for its exit code and what it complained of. */
export async function runProgramToEnd(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; complaint: string }> {
  const child = spawn(process.execPath, [program], {
    env: { BIND_ADDRESS: "127.0.0.1", ...environment },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: deadline,
  });
  const [complaint] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, complaint };
}

/** Tells a service to end and waits until it has, for its exit code; null when a signal ended it. */
export async function end({ process: child }: Service): Promise<number | null> {
  const closed = once(child, "close", { signal: AbortSignal.timeout(deadline) });
  child.kill("SIGTERM");
  await closed;
  return child.exitCode;
}

/** Starts a neighbour that answers by `respond`. */
export async function neighbour(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Neighbour> {
  const requests: Neighbour["requests"] = [];
  const server = createServer((incoming, response) => {
    requests.push({ url: incoming.url ?? "", headers: incoming.headers });
    respond(incoming, response);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, requests };
}

/** A neighbour that always answers alike: an object as JSON, a string as it is. */
export function always(status: number, value: unknown): Promise<Neighbour> {
  return neighbour((_request, response) => {
    response.writeHead(status);
    response.end(typeof value === "string" ? value : JSON.stringify(value));
  });
}

/** A port on which no program listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The environment by which a service finds its neighbours on 127.0.0.1. */
export function behind(ports: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ports).flatMap(([name, port]) => [
      [`${name.toUpperCase()}_HOSTNAME`, "127.0.0.1"],
      [`${name.toUpperCase()}_SERVICE_PORT`, String(port)],
    ]),
  );
}

/** Sends one request, on a connection of its own. */
export function send(
  { port }: { readonly port: number },
  path: string,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<Answer> {
  const { method = "GET", headers = {}, body = "" } = options;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(deadline);
    request({ host: "127.0.0.1", port, path, method, headers, agent: false, signal })
      .on("error", reject)
      .on("response", (response) => {
        text(response).then((received) => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: received,
          });
        }, reject);
      })
      .end(body);
  });
}

/** Status and parsed body of one request. */
export async function sendForJson(
  ...request: Parameters<typeof send>
): Promise<{ status: number; value: unknown }> {
  const { status, headers, body } = await send(...request);
  assert.equal(headers["content-type"], "application/json");
  return { status, value: JSON.parse(body) };
}
