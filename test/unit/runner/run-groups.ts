/** Runs groups of files, each an argument with the files' names between commas, and prints the counts as its last line. */
import { join } from "node:path";
import { runFiles } from "../../runner/files";

const groups = process.argv.slice(2).map((group) => group.split(","));
void runFiles(join(__dirname, "../../.."), groups, 2, new AbortController().signal).then(
  ({ count }) => {
    console.log(JSON.stringify(count));
  },
);
