/** The folder of a fake `helm` (helm-command.ts), for tests: releases are kept in a file. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import type { Properties } from "../../../local/plugins/shared/values";
import type { ApiServer } from "../../unit/local/plugins/apiServer";

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
  /** The objects of each release, as YAML. */
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

  /** Has a cluster list the Secrets that Helm keeps its releases in. */
  keepIn(server: ApiServer): void {
    server.others = (list) => {
      const { releases, manifest } = this.state;
      return Object.entries(releases)
        .filter(([, { namespace }]) => list === `/api/v1/namespaces/${namespace}/secrets`)
        .flatMap(([name, release]) =>
          release.revisions.map((status, index) => {
            const [key = "", value = ""] = release.label.split("=");
            const record = recordOf(name, release, { status, version: index + 1, manifest });
            const packed = gzipSync(JSON.stringify(record)).toString("base64");
            return {
              metadata: {
                name: `sh.helm.release.v1.${name}.v${index + 1}`,
                namespace: release.namespace,
                labels: { owner: "helm", name, status, version: `${index + 1}`, [key]: value },
              },
              data: { release: Buffer.from(packed).toString("base64") },
            };
          }),
        );
    };
  }

  /** Every command line so far. */
  get commands(): string[] {
    const path = join(this.directory, "commands");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }
}

/** What Helm keeps of a revision. */
function recordOf(
  name: string,
  {
    namespace,
    chart,
    values,
  }: Pick<HelmState["releases"][string], "namespace" | "chart" | "values">,
  { status, version, manifest }: { status: string; version: number; manifest: string },
): Properties {
  const at = chart.lastIndexOf("-");
  const metadata = { name: chart.slice(0, at), version: chart.slice(at + 1), appVersion: "1" };
  return {
    name,
    namespace,
    version,
    info: { status },
    chart: { metadata },
    config: values,
    manifest,
  };
}
