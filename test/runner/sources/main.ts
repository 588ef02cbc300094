/** Prints what the compiler and the linter complain of in this clone; its exit code says which of them does. */
import { join } from "node:path";
import { exitWith } from "../../../lib/run";
import { wrong } from "./codes";
import { judgeSources } from "./judge";

const root = join(__dirname, "../../..");

async function main([cache]: readonly string[]): Promise<number> {
  const { types, lint } = await judgeSources(root, cache);
  process.stdout.write(types + lint);
  return (types === "" ? 0 : wrong.types) + (lint === "" ? 0 : wrong.lint);
}

exitWith(main(process.argv.slice(2)));
