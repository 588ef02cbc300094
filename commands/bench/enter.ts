/**
 * Runs one of the bench's programs where the sandbox's commands run: it holds the sandbox's lock, /etc/hosts
 * names the tenant, and the tenant's certificate authority is trusted: `enter.ts PROGRAM [ARGUMENT]...`
 */
import { exitWith } from "../../lib/run";
import { layout } from "../../sandbox/layout";
import { runWith } from "../../sandbox/machine";

const [program = "", ...rest] = process.argv.slice(2);
exitWith(runWith({ lock: true, tenant: true }, layout(), program, rest));
