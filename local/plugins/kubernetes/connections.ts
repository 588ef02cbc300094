/** Requests over reused connections. */
import http from "node:http";
import https from "node:https";
import { isDeepStrictEqual } from "node:util";

/** How many requests run at the same time; more would wait for the handshakes of their connections. */
const connectionLimit = 8;

/**
 * Keeps connections for later requests: each new one costs a handshake with certificates of both sides. The client
 * makes an agent for each request, because credentials may change; an agent with other credentials is not reused.
 */
export class Connections {
  private agent: https.Agent | undefined;
  private wanted: https.AgentOptions | undefined;

  keptFor(given: https.RequestOptions["agent"]): https.RequestOptions["agent"] {
    // Any other kind of agent is a proxy's.
    if (!(given instanceof https.Agent) || given.constructor !== https.Agent) return given;
    const options = { ...given.options, keepAlive: true, maxSockets: connectionLimit };
    if (!isDeepStrictEqual(this.wanted, options)) {
      this.agent = new https.Agent({ ...options });
      this.wanted = options;
    }
    return this.agent;
  }
}

/**
 * Sends a request. A kept connection may be closed at the moment when it is reused; the request is then sent once more.
 */
export async function exchange(
  url: URL,
  options: https.RequestOptions,
  body: string | undefined,
): Promise<Answer> {
  for (;;) {
    try {
      return await send(url, options, body);
    } catch (error) {
      // Its agent has dropped that connection, so that the repetition ends with a new one.
      if (!(error instanceof StaleConnectionError)) throw error;
    }
  }
}

class StaleConnectionError extends Error {}

/** There was no answer. */
export class UnreachableError extends Error {
  constructor(url: URL, reason: string) {
    super(`cannot call the cluster at ${url.origin}: ${reason}`);
  }
}

export interface Answer {
  code: number;
  text: string;
}

async function send(
  url: URL,
  options: https.RequestOptions,
  body: string | undefined,
): Promise<Answer> {
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("the request took too long")));
    sent.on("error", (error) => {
      if (sent.reusedSocket && "code" in error && error.code === "ECONNRESET") {
        reject(new StaleConnectionError(error.message));
        return;
      }
      reject(new UnreachableError(url, error.message));
    });
    sent.end(body);
  });
}
