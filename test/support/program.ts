/** Runs the whole program with a stack's own file, on the mock engine. */
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { readProjectFile, readStackFile } from "../../commands/stack/stack-file";
import { kubeconfig, run } from "../unit/components/mocks";

const load = createRequire(__filename);

/** Set where test/runner/build.ts has built the tests: the folder with them and with the program. */
const built = process.env.ISTIO_AUTH0_TESTS;

type Changes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What no stack file holds, by the kind that needs it. */
const secrets = {
  existing: { kubeconfig },
  digitalocean: { token: "digitalocean-token" },
  kind: {},
  auth0: { clientSecret: "management-secret" },
} as const;

const ofKind = z.looseObject({ kind: z.enum(Object.keys(secrets) as (keyof typeof secrets)[]) });

/** A stack's file with its secrets, and with the changes over both. */
function configure(stack: string, changes: Changes): void {
  const { config } = readStackFile(readProjectFile(join(__dirname, "../..")), stack);
  const complete = Object.entries(config).map(([key, section]) => {
    if (Array.isArray(section)) return [key, JSON.stringify(section)];
    const { data } = ofKind.safeParse(section);
    const secret = data === undefined ? {} : secrets[data.kind];
    return [key, JSON.stringify({ ...(section as object), ...secret, ...changes[key] })];
  });
  const added = Object.entries(changes)
    .filter(([key]) => !Object.hasOwn(config, key))
    .map(([key, section]) => [key, JSON.stringify(section)]);
  complete.push(...added);
  pulumi.runtime.setAllConfig(Object.fromEntries(complete) as Record<string, string>);
}

type Outputs = typeof import("../../index");

/** By requiring it, as Pulumi does; its exports are the stack's outputs. */
function runIndex(): Outputs {
  const index = built === undefined ? load.resolve("../index") : join(built, "index.js");
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the way to load a module again
  delete load.cache[index];
  return load(index) as Outputs;
}

/** Runs a program as index.ts is run. */
export async function runProgram({
  program = runIndex,
  stack = "sandbox",
  preview = false,
  changes = {},
  existing = {},
}: {
  /** Returns the stack's outputs. Default: index.ts. */
  readonly program?: () => Outputs;
  readonly stack?: string;
  readonly preview?: boolean;
  /** By the configuration's key. */
  readonly changes?: Changes;
  readonly existing?: Readonly<Record<string, object>>;
} = {}) {
  configure(stack, changes);
  const { result, ...seen } = await run(program, { preview, existing });
  return { outputs: result, ...seen };
}
