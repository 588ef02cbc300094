/** `bench` measures all but the two longest parts three times by default, and refuses a wrong count or part. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromPerson } from "../../../../lib/output-files";
import { benchCommand, partNames, readArguments } from "../../../../commands/bench/arguments";

describe("readArguments", () => {
  it("measures every part but the longest three times where nothing else is asked for", () => {
    assert.deepEqual(readArguments([]), {
      repeat: 3,
      only: partNames.slice(0, -2),
      files: [],
    });
  });

  it("takes parts in the order of the table, each once", () => {
    const read = readArguments(["--only", "growth,up,growth", "--repeat=1", "--json", "a.json"]);
    const files = [{ option: "json", path: fromPerson("a.json") }];
    assert.deepEqual(read, { repeat: 1, only: ["up", "growth"], files });
  });

  it("gives the help text, which names every part", () => {
    let help = "";
    benchCommand()
      .configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    for (const name of partNames) assert.match(help, new RegExp(`^  ${name} `, "m"));
    assert.match(help, /^ {2}up {10}from nothing to the printed table, /m);
    assert.match(help, /^ {2}policies {4}npm run preview with the policy pack, /m);
  });

  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [
      ["--repeat", "0", "--only", "up,all"],
      /^UserError: --repeat 0: expected a whole number from 1 to 999\n--only up,all: there is no part "all"; there are up, again, .*, growth, cold, test\. See istio-auth0 bench --help\.$/,
    ],
    [["--repeat", "2.5"], /^UserError: --repeat 2\.5: expected a whole number from 1 to 999\. See/],
    [["--only", ""], /^UserError: --only is empty\n/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(" ")}`, () => {
      assert.throws(() => readArguments(args), message);
    });
  }
});
