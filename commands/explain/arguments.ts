/** The command line of `istio-auth0 explain`. */
import { firstLine } from "../../lib/errors";
import { command, parse, refusal } from "../arguments/command";
import { cwdOption, pathOf, projectOption, stackOption } from "../arguments/options";
import type { Asked } from "./ways";

export const explainCommand = () =>
  command("explain", {
    summary: "say why the mesh lets a request through, or does not, and what to change",
    description: `Says for each service whether the mesh lets a request through, which policy and rule decides, why,
and what to change. The policies are read from the stack's cluster; no request is sent to it.`,
    exits: {
      0: "there is an explanation, for any verdict",
      1: "no token where one was named, a token of another issuer, or a stack that cannot be read",
    },
  })
    .argument(
      "[FILE]",
      "file with the access token; - is standard input; or the token itself, which other users of this machine can see in the list of processes (default: the request is anonymous)",
    )
    .option("--service <SERVICE>", "only this service of the table (default: each)")
    .option(
      "--as <CALLER>",
      "who calls: a service, gateway, or stranger, a workload that no rule names (default: the service's permitted caller, from the gateway on)",
    )
    .option(
      "--method <METHOD>",
      "what the service is asked for; OPTIONS is a request like any other here, not a browser's preflight: those of the origins in gateway.cors the gateway answers by itself (default: GET)",
    )
    .option("--path <PATH>", "the path that is asked for (default: the service's own)")
    .addOption(stackOption())
    .addOption(projectOption())
    .addOption(cwdOption())
    .option("--json", "the same as JSON");

/** @throws UserError naming what is wrong */
export function readArguments(args: readonly string[]) {
  const {
    options,
    args: [token],
  } = parse(explainCommand(), args, ({ method, path }) => [
    ...(method !== undefined && !/^[A-Z]+$/.test(method)
      ? [`--method ${firstLine(method, 40)}: a method such as POST is expected`]
      : []),
    ...(path !== undefined && !path.startsWith("/")
      ? [`--path ${firstLine(path, 40)}: it has to begin with a slash`]
      : []),
  ]);
  const { method, path, cwd, json = false, ...others } = options;
  const asked: Partial<Asked> = {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
  };
  return { ...others, token, json, asked, directory: pathOf(cwd) };
}

/**
 * The service and the caller that are asked about.
 * @throws UserError naming each that the project does not have
 */
export function chosenOf<Caller extends string>(
  { service, as }: { readonly service?: string; readonly as?: string },
  services: readonly string[],
  callers: readonly Caller[],
) {
  const unknown = (option: string, given: string | undefined, names: readonly string[]) =>
    given === undefined || names.includes(given)
      ? []
      : [`${option} ${firstLine(given, 40)}: one of ${names.join(", ")} is expected`];
  const mistakes = [...unknown("--service", service, services), ...unknown("--as", as, callers)];
  if (mistakes.length > 0) throw refusal(explainCommand(), mistakes);
  return { service, caller: callers.find((name) => name === as) };
}
