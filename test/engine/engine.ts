/** The real Pulumi engine over the stand-ins, for tests: a file backend and an inline program. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type EngineEvent,
  LocalWorkspace,
  type OpMap,
  type PulumiFn,
  type RefreshOptions,
  type Stack,
  type UpOptions,
} from "@pulumi/pulumi/automation";
import { z } from "zod";
import { commandIn, knowing } from "../../local/toolchain/automation";
import { type StandInName, standIns, writePluginLauncher } from "../../local/plugins/launchers";
import { makePulumiHome } from "../../local/pulumi-home";

/** The Pulumi CLI's executable, as test/runner/main.ts names it, or undefined where there is none. */
export const pulumiExecutable = process.env.PULUMI_CLI;

/** For the options of a test that needs the engine: false, or why it is left out. */
export const skipWithoutEngine =
  pulumiExecutable === undefined && "no Pulumi CLI: PULUMI_CLI does not name one";

const stateSchema = z.object({
  checkpoint: z.object({
    latest: z.object({ resources: z.array(z.object({ type: z.string() })).optional() }),
  }),
});

/** What an update tells, and whom. */
type Told = Pick<UpOptions & RefreshOptions, "color" | "onError" | "onEvent" | "onOutput">;

export class Engine {
  private constructor(
    readonly directory: string,
    private readonly stack: Stack,
    readonly output: string[],
  ) {}

  /**
   * A new stack in a new folder.
   * @param environment variables that the plug-ins shall see.
   */
  static async start(
    program: PulumiFn,
    plugins: readonly StandInName[],
    environment: Record<string, string> = {},
  ): Promise<Engine> {
    if (pulumiExecutable === undefined) throw new Error("no Pulumi CLI");
    const directory = mkdtempSync(join(tmpdir(), "engine-test-"));
    const workDir = join(directory, "project");
    const launchers = join(directory, "plugins");
    const backend = join(directory, "backend");
    const home = join(directory, "home");
    for (const folder of [workDir, backend]) mkdirSync(folder);
    makePulumiHome(home);
    for (const name of plugins) writePluginLauncher(launchers, name);
    const providers = standIns
      .filter(({ name }) => plugins.includes(name))
      .map(({ name, version }) => ({ name, version, path: launchers }));
    writeFileSync(
      join(workDir, "Pulumi.yaml"),
      JSON.stringify({ name: "stand-ins", runtime: "nodejs", plugins: { providers } }),
    );
    const root = dirname(dirname(pulumiExecutable));
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "stand-ins", program },
      {
        workDir,
        pulumiCommand: commandIn(root),
        pulumiHome: home,
        envVars: {
          PULUMI_BACKEND_URL: `file://${backend}`,
          PULUMI_CONFIG_PASSPHRASE: "engine-test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          ...environment,
        },
      },
    );
    return new Engine(directory, stack, []);
  }

  /** Brings the stack up. @returns how many resources were treated how. */
  up(program?: PulumiFn): Promise<OpMap> {
    return this.changesOf((stack, options) =>
      stack.up({ ...options, ...(program && { program }) }),
    );
  }

  async outputs(): Promise<Record<string, unknown>> {
    const outputs = await this.stack.outputs();
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  async preview(program?: PulumiFn): Promise<OpMap> {
    const result = await this.stack.preview({ ...this.capture(), ...(program && { program }) });
    return result.changeSummary;
  }

  refresh(): Promise<OpMap> {
    return this.changesOf((stack, options) => stack.refresh(options));
  }

  destroy(): Promise<OpMap> {
    return this.changesOf((stack, options) => stack.destroy(options));
  }

  /** The state as it lies in the backend: secrets encrypted. */
  state(): { text: string; types: string[] } {
    const stacks = join(this.directory, "backend", ".pulumi", "stacks", "stand-ins");
    const text = readFileSync(join(stacks, "test.json"), "utf8");
    const { resources = [] } = stateSchema.parse(JSON.parse(text)).checkpoint.latest;
    return { text, types: resources.map(({ type }) => type) };
  }

  stop(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** An update ends by asking the CLI for its outputs and its changes, with three runs of it; the events have these. */
  private async changesOf(
    update: (stack: Stack, options: Told) => Promise<unknown>,
  ): Promise<OpMap> {
    let changes: OpMap = {};
    const onEvent = ({ summaryEvent }: EngineEvent) => {
      if (summaryEvent !== undefined) changes = summaryEvent.resourceChanges;
    };
    const known = { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) };
    await update(knowing(this.stack, known), { ...this.capture(), onEvent });
    return changes;
  }

  private capture() {
    return {
      color: "never" as const,
      onOutput: (text: string) => void this.output.push(text),
      onError: (text: string) => void this.output.push(text),
    };
  }
}
