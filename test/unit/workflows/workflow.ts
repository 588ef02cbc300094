/** The workflows as data, as far as the tests and run-by-hand look at them. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export const root = join(__dirname, "../../..");

const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Texts = z.record(z.string(), Text);
const Concurrency = z.strictObject({ group: z.string(), "cancel-in-progress": z.boolean() });

const Step = z.strictObject({
  name: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: Texts.optional(),
  env: Texts.optional(),
});
export type Step = z.infer<typeof Step>;

const Matrix = z.record(z.string(), z.array(z.string()));

const Job = z.strictObject({
  name: z.string().optional(),
  needs: z.string().optional(),
  if: z.string().optional(),
  "runs-on": z.string(),
  "timeout-minutes": z.number(),
  environment: z.string().optional(),
  concurrency: Concurrency.optional(),
  permissions: Texts.optional(),
  container: z.strictObject({ image: z.string(), options: z.string() }).optional(),
  env: Texts.optional(),
  strategy: z.strictObject({ "fail-fast": z.literal(false), matrix: Matrix }).optional(),
  steps: z.array(Step),
});
export type Job = z.infer<typeof Job>;

const Workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: Texts,
  concurrency: Concurrency.optional(),
  defaults: z.strictObject({ run: z.strictObject({ shell: z.literal("bash") }) }).optional(),
  jobs: z.record(z.string(), Job),
});
export type Workflow = z.infer<typeof Workflow>;

export interface WorkflowFile {
  readonly file: string;
  readonly text: string;
  readonly workflow: Workflow;
}

export const workflowFiles: readonly WorkflowFile[] = globSync(
  join(root, ".github/workflows/*.{yml,yaml}"),
)
  .sort()
  .map((path) => {
    const text = readFileSync(path, "utf8");
    return { file: basename(path), text, workflow: Workflow.parse(parse(text)) };
  });

export function workflowOf(file: string): Workflow {
  const found = workflowFiles.find((one) => one.file === file);
  if (found === undefined) throw new Error(`there is no workflow ${file}`);
  return found.workflow;
}

/** Every job of every workflow, with where it is. */
export const jobs = workflowFiles.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ where: `${file} ${name}`, file, job })),
);

/** Every step of every job, with where it is. */
export const steps = jobs.flatMap(({ where, job }) =>
  job.steps.map((step, index) => ({ where: `${where} ${index + 1}`, job, step })),
);

/** The runs that a job's matrix makes of it, each with its values; one without a value where it has no matrix. */
export function instancesOf({ strategy }: Job): Record<string, string>[] {
  return Object.entries(strategy?.matrix ?? {}).reduce<Record<string, string>[]>(
    (instances, [name, values]) =>
      instances.flatMap((instance) => values.map((value) => ({ ...instance, [name]: value }))),
    [{}],
  );
}

/** A text with the matrix's values in their places. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{\{ matrix\.(\w+) \}\}/g,
    (expression, name: string) => values[name] ?? expression,
  );
}
