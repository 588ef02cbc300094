/** Builds two groups of test files at once, and prints how many had been begun when the first was built. */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { buildTests } from "../../runner/build";

const file = "test/unit/runner/faulty/good.ts";
const [first, second] = [buildTests([[file]]), buildTests([[file]])];
void first.then(async (tests) => {
  const cache = dirname(dirname(tests.built[0] ?? ""));
  console.log(readdirSync(cache).filter((name) => name.endsWith(`.${process.pid}`)).length);
  tests.remove();
  (await second).remove();
});
