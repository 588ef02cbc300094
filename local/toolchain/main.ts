/** `npm run toolchain`: makes what the release workflow publishes, see .github/workflows/toolchain.yml. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readOptions, refusal } from "../../lib/arguments";
import { exitWith } from "../../lib/run";
import { cacheFolder } from "../layout";
import { Progress } from "../../lib/progress";
import { packParts } from "./pack";
import { ensureParts, partsFolder } from "./parts";
import { fileOf } from "./release";
import { releasedParts } from "./toolchain";

const called = "npm run toolchain --";
const usage = `Usage: ${called} FOLDER ADDRESS

Builds every part of the sandbox's toolchain that the cache does not hold, without taking any from a release, and packs
each into FOLDER, with SHA256SUMS and a release.json to take the place of local/toolchain/release.json: from then on
"npm run sandbox" downloads them from ADDRESS, the folder at which the files will be.
`;

async function main(): Promise<number> {
  const { values, positionals } = readOptions(called, {
    options: { help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [folder, address, ...rest] = positionals;
  if (folder === undefined || address === undefined || rest.length > 0 || !URL.canParse(address))
    throw refusal(called, "expected a folder and an address");
  const target = resolve(process.env.INIT_CWD ?? "", folder);
  const say = new Progress().of("tools");
  const root = partsFolder(cacheFolder());
  await ensureParts(root, releasedParts, undefined, say);
  mkdirSync(target, { recursive: true });
  const pins = await packParts(root, releasedParts, target, address, say);
  const sums = Object.entries(pins.parts).map(([name, { sha256 }]) => `${sha256}  ${fileOf(name)}`);
  writeFileSync(join(target, "SHA256SUMS"), `${sums.join("\n")}\n`);
  writeFileSync(join(target, "release.json"), `${JSON.stringify(pins, undefined, 2)}\n`);
  return 0;
}

exitWith(main());
