// Sends HTTP requests from where it runs, and says what came back. It runs in a pod, where nothing
// but Node is, and on this machine; always as `node --input-type=module -e THIS_TEXT`.
//
// Each line of standard input is a batch, JSON { deadline, requests: [{ method, origin, path, headers }] },
// with milliseconds for each request; each line of standard output is its results in the same
// order: { status, headers, body } or { error }. An established connection that was reset or closed
// before any answer is ECONNRESET alone; a reset at another point says at which.
import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import { createInterface } from "node:readline";
import { clearTimeout, setTimeout } from "node:timers";
import { URL } from "node:url";

const atOnce = 8;
const bodyLimit = 4096;
const kept = ["content-type", "server", "www-authenticate"];

function send({ method, origin, path, headers }, deadline) {
  return new Promise((resolve) => {
    const { protocol, hostname, port } = new URL(origin);
    // The path goes out as it is, and every request on a connection of its own: a connection
    // closed while idle would look like a reset.
    const request = (protocol === "https:" ? https : http).request({
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      method,
      path,
      headers,
      agent: false,
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    }, deadline);
    const finish = (result) => {
      clearTimeout(timer);
      resolve(result);
    };
    let elsewhere = "while connecting";
    request.on("socket", (socket) => socket.once("connect", () => (elsewhere = undefined)));
    const fail = ({ code, message }) => {
      const told = code === "ECONNRESET" && elsewhere !== undefined;
      finish({ error: told ? `${code} ${elsewhere}` : (code ?? message) });
    };
    request.on("error", fail);
    request.on("response", (response) => {
      elsewhere = "in the middle of an answer";
      const chunks = [];
      let size = 0;
      response.on("error", fail);
      response.on("data", (chunk) => {
        if (size < bodyLimit) chunks.push(chunk);
        size += chunk.length;
      });
      response.on("end", () => {
        finish({
          status: response.statusCode,
          headers: Object.fromEntries(
            kept
              .filter((name) => name in response.headers)
              .map((name) => [name, response.headers[name]]),
          ),
          body: Buffer.concat(chunks).subarray(0, bodyLimit).toString("utf8"),
        });
      });
    });
    request.end();
  });
}

async function perform({ deadline, requests }) {
  const results = new Array(requests.length);
  const waiting = requests.entries();
  const work = async () => {
    for (const [position, request] of waiting) results[position] = await send(request, deadline);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`);
}
