/** The program of each command. */

import { isClone } from "../../lib/clone";

export interface Program {
  /** Its file in the clone. */
  readonly source: string;
  /** The words that it gets before the command's arguments. Default: none. */
  readonly words?: readonly string[];
  /** Whether it takes long to load: its help is shown without it. Default: it does not. */
  readonly large?: boolean;
}

const inSandbox = (...words: string[]): Program => ({ source: "sandbox/main.ts", words });
const own = (name: string, ...words: string[]): Program => ({
  source: `commands/${name}/main.ts`,
  words,
  large: true,
});

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
  "policy-config": own("preview", "policy-config"),
  preflight: own("preflight"),
  ...(isClone && { bench: own("bench") }),
};
