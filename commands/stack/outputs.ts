/** Reads a stack's outputs: all that verification knows of a stack. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import type { Application } from "../../components/application";
import { tenantAddresses } from "../../components/identity/addresses";
import { outputsSchema, type StackOutputs } from "../../components/outputs";
import { pathText, valueAt } from "../../components/settings/path";
import { UserError, firstLine } from "../../lib/errors";
import { whyIncomplete } from "./last-update";

export type { StackOutputs } from "../../components/outputs";

/** A stack's outputs do not have this program's form. */
class IncompleteOutputs extends UserError {
  /** @param problem every output that is missing or wrong; never a value */
  constructor(
    readonly problem: string,
    which = "the stack",
    advice = "run `pulumi up` and try again.",
  ) {
    // If a line is cut, the list at its end is cut.
    super(`the outputs of ${which} are not complete: ${advice} ${problem}`);
  }
}

/**
 * Checks what a stack exports.
 * @throws UserError that names every output that is missing or malformed; never a value
 */
export function parseOutputs(application: Application, outputs: unknown): StackOutputs {
  const parsed = outputsSchema(application).safeParse(outputs);
  if (!parsed.success) {
    const missing = parsed.error.issues.filter(
      ({ path }) => path.length > 0 && valueAt(outputs, path) === undefined,
    );
    const wrong = parsed.error.issues.filter((issue) => !missing.includes(issue));
    const problems = [
      listed(
        "Missing",
        missing.map(({ path }) => pathText(path)),
      ),
      listed(
        "Wrong",
        wrong.map(({ path, message }) => `${pathText(path) || "all"} (${firstLine(message)})`),
      ),
    ];
    throw new IncompleteOutputs(problems.filter((each) => each !== "").join("; "));
  }
  requireSecrets(parsed.data);
  return parsed.data;
}

/** The issuer of an Auth0 tenant's own domain, if the stack's tokens have the custom domain; undefined otherwise. */
export function issuerAtOwnDomain({
  issuer,
  tenant,
}: Pick<StackOutputs, "issuer" | "tenant">): string | undefined {
  if (tenant === undefined) return undefined;
  const own = tenantAddresses({ domain: tenant.domain }).issuer;
  return own === issuer ? undefined : own;
}

/** Every machine needs a client and secret for its token; users' tokens may be given. */
function requireSecrets(outputs: StackOutputs): void {
  const missing = [
    ...outputs.viewers.machines.flatMap(({ name }) => [
      ...(outputs.clientIds.machines[name] === undefined ? [`clientIds.machines.${name}`] : []),
      ...(outputs.clientSecrets.machines[name] === undefined
        ? [`clientSecrets.machines.${name}`]
        : []),
    ]),
  ];
  if (missing.length > 0) throw new IncompleteOutputs(listed("Missing", missing));
}

const listed = (what: string, names: readonly string[]) =>
  names.length === 0 ? "" : `${what}: ${names.join(", ")}`;

/** There is no stack to read: no Pulumi CLI, or it is not logged in, or no stack is selected in it. */
export class NoStack extends UserError {
  /** @param reason why there is none, in a few words */
  constructor(
    message: string,
    readonly reason: string,
  ) {
    super(message);
  }
}

/**
 * Reads the outputs of a stack with the Pulumi CLI; secrets come over its pipe only.
 * @param application the application of the stack
 * @param directory the project's folder
 * @param stack its name; without it, the selected stack
 * @throws NoStack if there is none to select; UserError for any other error
 */
export async function readOutputs(
  application: Application,
  directory: string,
  stack?: string,
): Promise<StackOutputs> {
  const which = stack === undefined ? "the selected stack" : `stack ${stack}`;
  const choice = stack === undefined ? [] : [`--stack=${stack}`];
  const printed = await pulumiOutputs(directory, which, choice);
  try {
    return parseOutputs(application, parseJson(printed, which));
  } catch (error) {
    if (!(error instanceof IncompleteOutputs)) throw error;
    throw new IncompleteOutputs(error.problem, which, await whyIncomplete(directory, choice));
  }
}

async function pulumiOutputs(
  directory: string,
  which: string,
  choice: readonly string[],
): Promise<string> {
  if (!isFolder(directory)) {
    throw new UserError(`cannot read the outputs of ${which}: there is no folder ${directory}`);
  }
  try {
    const { stdout } = await promisify(execFile)(
      "pulumi",
      ["stack", "output", "--json", "--show-secrets", "--non-interactive", ...choice],
      { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
    );
    return stdout;
  } catch (error) {
    const reason = pulumiFailure(error);
    const problem = `cannot read the outputs of ${which}: ${reason}`;
    if (/^no stack selected\b/.test(reason)) throw new NoStack(problem, "none is selected");
    if (/^PULUMI_ACCESS_TOKEN must be set\b/.test(reason))
      throw new NoStack(problem, "Pulumi is not logged in");
    if (reason !== noPulumi) throw new UserError(problem);
    const advice = "Install the Pulumi CLI, or leave --stack out: then it is about the sandbox's.";
    throw new NoStack(`${problem}. ${advice}`, reason);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const noPulumi = "the pulumi command is not on PATH";

/** The CLI's own message. The error's message is not used: it repeats the whole command. */
function pulumiFailure(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") {
    return noPulumi;
  }
  const said = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  return firstLine(said).replace(/^error: /, "") || "pulumi failed without a message";
}

function parseJson(text: string, which: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`cannot read the outputs of ${which}: pulumi did not print JSON.`);
  }
}
