/** Runs what actions/github-script would run, on a GitHub that remembers what it was asked. */
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";

/** One thing that a script asked of GitHub, without the repository. */
export type Asked = readonly [method: string, parameters: Readonly<Record<string, unknown>>];

export interface Told {
  readonly asked: readonly Asked[];
  readonly notices: readonly string[];
}

const repo = { owner: "acme", repo: "books" };

/**
 * @param lists what GitHub has, by the method that lists it
 * @param environment what the step's env gives the script
 */
export async function runScript(
  script: string,
  {
    context,
    lists,
    environment,
  }: {
    context: Readonly<Record<string, unknown>>;
    lists: Readonly<Record<string, readonly unknown[]>>;
    environment: Readonly<Record<string, string>>;
  },
): Promise<Told> {
  const asked: Asked[] = [];
  const notices: string[] = [];
  const group = (name: string) =>
    new Proxy(
      {},
      {
        get: (_, method) => (parameters: Readonly<Record<string, unknown>>) => {
          const { owner, repo: repository, ...others } = parameters;
          if (owner !== repo.owner || repository !== repo.repo)
            throw new Error("another repository");
          const called = `${name}.${String(method)}`;
          asked.push([called, others]);
          return Promise.resolve(lists[called]);
        },
      },
    );
  const github = {
    rest: { pulls: group("pulls"), issues: group("issues") },
    paginate: (
      method: (parameters: unknown) => Promise<readonly unknown[]>,
      parameters: unknown,
    ): Promise<readonly unknown[]> => method(parameters),
  };
  const program = runInThisContext(
    `(async (github, context, core, require, process) => {${script}\n})`,
  ) as (...given: unknown[]) => Promise<void>;
  await program(
    github,
    { repo, ...context },
    { notice: (text: string) => notices.push(text) },
    createRequire(__filename),
    { env: environment },
  );
  return { asked, notices };
}
