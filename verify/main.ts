/** `npm run verify`: proves that the running mesh enforces the table. */
import { constants } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { firstLine, reasonOf, VerifyError } from "./errors";
import { readOutputs } from "./outputs";
import { defaultProbeImage } from "./pods";
import { renderReport } from "./report";
import { isProven, verify } from "./verify";

const help = `Usage: npm run verify -- [--stack STACK] [--signing-key FILE] [--probe-image IMAGE]

Sends every viewer's request to every service, through the gateway and from pods, with real and
with bad tokens, and prints what came back beside what the table in components/access.ts asks for.

  --stack STACK          the Pulumi stack to verify (default: the selected one)
  --signing-key FILE     the tenant's private signing keys, a JWK set; without it the tokens that
                         need the tenant's own signature are not tried
  --probe-image IMAGE    image of the probe pods, with node on its PATH
                         (default: ${defaultProbeImage})
  --help                 this text

Exits with 0 when everything is as asked for, with 1 when anything differs, cannot be verified, or is
refused with no permitted request beside it to show that the refusal is one.
`;

const project = dirname(__dirname);

/** Thrown into everything that is under way when the program is told to end. */
class Interrupted extends Error {
  constructor(readonly signal: "SIGINT" | "SIGTERM" | "SIGHUP") {
    super(`ended by ${signal}`);
  }
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        stack: { type: "string" },
        "signing-key": { type: "string" },
        "probe-image": { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new VerifyError(`${reason}. See npm run verify -- --help.`);
  }
}

/** @returns the exit code */
async function main(signal: AbortSignal): Promise<number> {
  const chosen = readArguments();
  if (chosen.help) {
    process.stdout.write(help);
    return 0;
  }
  const outputs = await readOutputs(project, chosen.stack);
  const report = await verify(outputs, {
    signal,
    progress: (line) => {
      console.error(line);
    },
    ...(chosen["signing-key"] !== undefined && { signingKey: chosen["signing-key"] }),
    ...(chosen["probe-image"] !== undefined && { probeImage: chosen["probe-image"] }),
  });
  process.stdout.write(
    renderReport(report, { colour: process.stdout.isTTY && process.stdout.hasColors() }),
  );
  return isProven(report) ? 0 : 1;
}

/** One line, whatever went wrong. */
function explain(error: unknown): void {
  console.error(`error: ${firstLine(reasonOf(error), 500)}`);
}

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Once: the second time the program ends at once.
  process.once(signal, () => {
    interruption.abort(new Interrupted(signal));
  });
}
main(interruption.signal).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    // Whatever fails after the signal fails because of it.
    const cause: unknown = interruption.signal.aborted ? interruption.signal.reason : error;
    explain(cause);
    process.exitCode = cause instanceof Interrupted ? 128 + constants.signals[cause.signal] : 1;
  },
);
