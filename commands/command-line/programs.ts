/** The program of each command. */

interface Program {
  /** Its file in the clone. */
  readonly source: string;
  /** The words that it is told before the command's arguments. Default: none. */
  readonly words?: readonly string[];
}

const inSandbox = (...words: string[]): Program => ({ source: "sandbox/main.ts", words });
const own = (name: string): Program => ({ source: `commands/${name}/main.ts` });

export const programs: Readonly<Record<string, Program>> = {
  up: inSandbox("up"),
  down: inSandbox("down"),
  status: inSandbox("status"),
  shell: inSandbox("shell"),
  sandbox: inSandbox(),
  verify: own("verify"),
  explain: own("explain"),
  token: own("token"),
  preview: own("preview"),
  "policy-config": { source: "commands/preview/main.ts", words: ["policy-config"] },
  preflight: own("preflight"),
  bench: own("bench"),
};
