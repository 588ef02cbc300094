/**
 * One command of the sandbox, started by main.ts where /etc/hosts names the tenant and its certificate
 * authority is trusted: `entered.ts COMMAND [SETTING=VALUE | ARGUMENT]...`
 */
import { StackError } from "../stack/errors";
import * as commands from "./commands";
import { exitWith } from "./failure";
import { layout } from "./layout";
import { explainingFullDisk } from "./space";

const [name = "", ...args] = process.argv.slice(2);
const places = layout();
const command = commands[name as keyof typeof commands](places, args);
exitWith(explainingFullDisk(command, places), StackError);
