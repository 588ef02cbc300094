/** `istio-auth0 token`: an access token of one user or machine, as verify gets it. */
import { UserError, firstLine } from "../../lib/errors";
import { refusal } from "../arguments/command";
import { exitWith } from "../../lib/run";
import { outputsIfAny, continueOnSandbox } from "../stack/on-sandbox";
import type { StackOutputs } from "../stack/outputs";
import { projectNamed } from "../stack/project";
import { clientOf } from "../stack/client";
import { withPeople } from "../verify/tokens/person";
import { readArguments, tokenCommand } from "./arguments";
import { genuineTokens, type IssuedTokens } from "../verify/tokens/tokens";

/** The stack's outputs with this one viewer. */
function only(name: string | undefined, outputs: StackOutputs): StackOutputs {
  const { users, machines } = outputs.viewers;
  const viewers = {
    ...outputs.viewers,
    users: users.filter(({ email }) => email === name),
    machines: machines.filter((machine) => machine.name === name),
  };
  if (viewers.users.length + viewers.machines.length === 1) return { ...outputs, viewers };
  const names = [...users.map(({ email }) => email), ...machines.map((machine) => machine.name)];
  const asked = name === undefined ? "whose token?" : `the stack has no ${firstLine(name, 60)}:`;
  throw refusal(tokenCommand(), [`${asked} expected one of ${names.join(", ")}`]);
}

function tokensOf(outputs: StackOutputs, browser: boolean): Promise<IssuedTokens> {
  if (browser && outputs.viewers.users.length > 0 && !process.stdin.isTTY)
    throw new UserError("--sign-in browser needs a terminal, to paste an address into");
  const { signal } = new AbortController();
  const fetch = clientOf(outputs);
  return withPeople(outputs, new Map(), { browser, fetch, signal }, (given) =>
    genuineTokens(outputs, fetch, signal, given),
  );
}

/** @returns the exit code, or none where another program goes on */
async function main(): Promise<number | undefined> {
  const { name, browser, project, stack, directory } = readArguments(process.argv.slice(2));
  const { application, folder } = projectNamed(project);
  const outputs = await outputsIfAny(application, directory ?? folder, stack);
  if (outputs === undefined) {
    continueOnSandbox("token");
    return undefined;
  }
  const one = only(name, outputs);
  const [issued] = (await tokensOf(one, browser)).values();
  process.stdout.write(`${issued?.accessToken ?? ""}\n`);
  return 0;
}

exitWith(main());
