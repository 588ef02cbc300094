/**
 * One command of the sandbox, started by main.ts where /etc/hosts names the tenant and its certificate
 * authority is trusted: `entered.ts COMMAND [SETTING=VALUE]...`
 */
import { VerifyError } from "../verify/errors";
import * as commands from "./commands";
import { exitWith } from "./failure";
import { layout } from "./layout";

const [name, ...set] = process.argv.slice(2);
const overrides = set.map((text) => {
  const separator = text.indexOf("=");
  return { path: text.slice(0, separator), value: text.slice(separator + 1) };
});
exitWith(commands[name as keyof typeof commands](layout(), overrides), VerifyError);
