/**
 * Sends requests with a valid token through the gateway to services with different tables, in turn: `operations.ts
 * REPEAT` in the sandbox's shell of a clone that has these services, for four times as many turns. It prints each
 * request's microseconds by turn and service.
 */
import { application } from "../../../application";
import { exitWith } from "../../../lib/run";
import { clientOf } from "../../stack/client";
import { readOutputs } from "../../stack/outputs";
import { stackName } from "../../stack/project";
import { printOutput } from "../output";
import { measured } from "../parts/operations";
import { callers, untilAnswered } from "./callers";
import { measureTurn } from "./turn";

async function main(): Promise<number> {
  const turns = 4 * Number(process.argv[2]);
  const outputs = await readOutputs(application, process.cwd(), stackName);
  const urls = measured.map(({ path }) => new URL(path, outputs.gatewayUrl).href);
  const fetch = clientOf(outputs);
  const { headers } = await callers.token(outputs, fetch);
  // The gateway asks for a token. That the sidecars count as well, verification has shown before.
  const signs = [
    { status: 401, headers: {}, setsCookie: false },
    { status: 200, headers, setsCookie: false },
  ];
  for (const url of urls) for (const sign of signs) await untilAnswered(fetch, url, sign);
  const found: (readonly (readonly number[])[])[] = [];
  while (found.length < turns) found.push(await measureTurn(urls, headers));
  printOutput(found);
  return 0;
}

exitWith(main());
