/**
 * Runs groups of files, each an argument with the files' names between commas, and prints the counts as its last line.
 * With `--beside` first, as beside others.
 */
import { join } from "node:path";
import { runFiles } from "../../runner/files";

const words = process.argv.slice(2);
const beside = words[0] === "--beside";
const groups = words.slice(Number(beside)).map((group) => group.split(","));
const signal = new AbortController().signal;
void runFiles(join(__dirname, "../../.."), { groups, concurrency: 2, beside }, signal).then(
  ({ count }) => {
    console.log(JSON.stringify(count));
  },
);
