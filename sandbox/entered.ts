/**
 * One command of the sandbox, started by main.ts with an /etc/hosts that names the tenant and with the tenant's
 * certificate authority trusted: `entered.ts PROJECT COMMAND [--all | SETTING=VALUE | ARGUMENT]...`
 */
import { join } from "node:path";
import { exitWith } from "../lib/run";
import { projectAt } from "../commands/stack/project";
import * as commands from "./commands";
import { ownFolder } from "../lib/clone";
import { layout } from "./layout";
import { explainingFullDisk } from "./space";

const [place = "", name = "", ...args] = process.argv.slice(2);
const places = layout(process.env, ownFolder, projectAt(join(ownFolder, place)));
const command: Promise<number | undefined> = commands[name as keyof typeof commands](places, args);
exitWith(explainingFullDisk(command, places));
