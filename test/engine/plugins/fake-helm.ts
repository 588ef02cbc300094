/** The folder of a fake `helm` (helm-command.ts), for tests: releases are kept in a file. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const releaseSchema = z.object({
  namespace: z.string(),
  chart: z.string(),
  values: z.record(z.string(), z.json()),
  label: z.string(),
  /** The state of each revision, from the first. */
  revisions: z.array(z.string()),
});

const stateSchema = z.object({
  releases: z.record(z.string(), releaseSchema),
  /** YAML that `get manifest` prints. */
  manifest: z.string(),
  /** What the next installation fails with. */
  failure: z.string().optional(),
});

export type HelmState = z.infer<typeof stateSchema>;

/** A folder with a fake `helm`, its state and the record of its command lines. */
export class FakeHelm {
  private readonly statePath: string;

  constructor(readonly directory: string) {
    this.statePath = join(directory, "state.json");
    mkdirSync(directory, { recursive: true });
    this.write({ releases: {}, manifest: "" });
    const node = process.execPath;
    const script = `#!/bin/sh\nexec '${node}' --no-warnings '${join(__dirname, "helm-command.ts")}' '${directory}' "$@"\n`;
    writeFileSync(join(directory, "helm"), script, { mode: 0o755 });
  }

  get state(): HelmState {
    return stateSchema.parse(JSON.parse(readFileSync(this.statePath, "utf8")));
  }

  write(state: HelmState): void {
    writeFileSync(this.statePath, JSON.stringify(state));
  }

  edit(change: (state: HelmState) => void): void {
    const { state } = this;
    change(state);
    this.write(state);
  }

  /** Every command line so far. */
  get commands(): string[] {
    const path = join(this.directory, "commands");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }
}
