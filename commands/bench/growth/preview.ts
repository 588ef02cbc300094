/**
 * Previews copies of the clone against an empty stack: `preview.ts REPEAT FOLDER...`, a copy in each folder. No cluster
 * and no tenant is asked, so every resource is to be created. It prints the time of each preview, in turns, and the
 * count and size of each copy's policies.
 */
import { join } from "node:path";
import { previewConfiguration } from "../../preview/configuration";
import { writeProject } from "../../preview/project";
import { stackName, ownProject } from "../../stack/project";
import { exitWith } from "../../../lib/run";
import { cacheFolder } from "../../../local/layout";
import { ensurePulumi } from "../../../local/toolchain/toolchain";
import { runEngine, type Subject } from "../inside/runs";
import { printOutput } from "../output";

/** One copy's project, and its stack, which has nothing yet. */
function subjectOf(copy: string, pulumi: string): Subject {
  // The grown table has the permissions and roles of the clone's own.
  const { application } = ownProject();
  const { folder, name, environment } = writeProject(
    copy,
    stackName,
    previewConfiguration({ folder: copy, application }, stackName),
    join(copy, "previewed"),
  );
  return {
    folder,
    project: name,
    stack: stackName,
    root: copy,
    environment: { ...environment, PATH: `${join(pulumi, "bin")}:${process.env.PATH ?? ""}` },
  };
}

async function main(): Promise<number> {
  const [repeat = "", ...copies] = process.argv.slice(2);
  const pulumi = await ensurePulumi(cacheFolder(), () => undefined);
  const found = [];
  for (const subject of copies.map((copy) => subjectOf(copy, pulumi))) {
    // One that does not count: it makes the stack, and caches fill.
    const { changes, policies, policyBytes } = await runEngine("preview", subject);
    const resources = changes.create ?? 0;
    found.push({ sizes: { resources, policies, policyBytes }, subject, seconds: [] as number[] });
  }
  for (let turn = 0; turn < Number(repeat); turn += 1) {
    for (const { subject, seconds } of found) {
      seconds.push((await runEngine("preview", subject)).seconds);
    }
  }
  printOutput(found.map(({ sizes, seconds }) => ({ ...sizes, seconds })));
  return 0;
}

exitWith(main());
