/**
 * Runs one of the bench's programs in the environment of the sandbox's commands: with the sandbox's lock, an /etc/hosts
 * that names the tenant, and the tenant's certificate authority trusted: `enter.ts PROGRAM [ARGUMENT]...`
 */
import { exitWith } from "../../lib/run";
import { layout } from "../../sandbox/layout";
import { runWith } from "../../sandbox/machine";

const [program = "", ...rest] = process.argv.slice(2);
exitWith(runWith({ lock: true, tenant: true }, layout(), program, rest));
