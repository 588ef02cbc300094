/**
 * One command of the sandbox, started by main.ts where /etc/hosts names the tenant and its certificate
 * authority is trusted: `entered.ts COMMAND [SETTING=VALUE | ARGUMENT]...`
 */
import { VerifyError } from "../verify/errors";
import * as commands from "./commands";
import { exitWith } from "./failure";
import { layout } from "./layout";

const [name = "", ...args] = process.argv.slice(2);
exitWith(commands[name as keyof typeof commands](layout(), args), VerifyError);
