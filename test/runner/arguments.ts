/** The command line of `npm test`: its options, which of them exclude each other, and its help. */
import { readOptions, refusal } from "../../lib/arguments";

const called = "npm test --";

export const help = `Usage: npm test [-- FILE… | --unit | --changed | --all]
       npm run test:unit

Checks types, style, every unit and what the real Pulumi engine does, and, as root on Linux, the sandbox from end to end.
The last line says how many tests passed and failed; the lines above it, which files took longest, and how long each
part took. The exit code is 1 where a test failed.

  FILE…      only these files, such as test/unit/commands/verify/judge.test.ts
  --unit     without the engine and the sandbox, and style only of files that have changed: before a commit
  --changed  only the tests that import or name a file that differs from the last commit. Where one of these
             is named by no other file, all but the end-to-end tests. Those only where they have changed themselves
  --all      every mode of the sandbox, and kills at random moments, too
  --help     this text
`;

export interface Arguments {
  /** Paths of test files, as they were given. */
  readonly files: readonly string[];
  readonly unit: boolean;
  readonly changed: boolean;
  readonly all: boolean;
  readonly help: boolean;
}

/** @throws UserError for options that are not known, or do not go together */
export function readArguments(args: readonly string[]): Arguments {
  const flag = { type: "boolean" } as const;
  const { values, positionals } = readOptions(called, {
    args: [...args],
    options: { unit: flag, changed: flag, all: flag, help: flag },
    allowPositionals: true,
  });
  const { unit = false, changed = false, all = false, help: asked = false } = values;
  const choices = [positionals.length > 0, unit, changed, all].filter(Boolean).length;
  if (choices > 1) {
    throw refusal(
      called,
      "files, --unit, --changed and --all do not go together: expected one of them",
    );
  }
  return { files: positionals, unit, changed, all, help: asked };
}
