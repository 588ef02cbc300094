/** Compares the reviewed plan of a stack with what is planned. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../lib/errors";
import { ownFolder } from "../../lib/clone";
import type { Project } from "../stack/project";
import { type AccessChange, accessDifference } from "./access/difference";
import { acceptCommand, entryOf, graphDifference, graphFile, graphOf, readGraph } from "./graph";
import type { Plan } from "./plan";

/** The result of --check. */
export interface Check {
  /** `missing`: there is no reviewed plan. */
  readonly result: "as reviewed" | "different" | "missing";
  /** The reviewed plan's file, relative to the folder of the clone or of the user's project. */
  readonly file: string;
  /** The command that makes this plan the reviewed one. */
  readonly accept: string;
  /** The lines that differ, each group below the title of its resource. */
  readonly difference: readonly string[];
}

/**
 * @param hide removes the configuration's secrets from a text
 * @throws UserError if the file does not contain a plan
 */
export function checkPlan(
  project: Pick<Project, "place">,
  plan: Plan,
  hide: (text: string) => string,
): Check {
  const file = graphFile(project, plan.stack);
  const accept = acceptCommand(project, plan.stack);
  const reviewed = readReviewed(file);
  if (reviewed === undefined) return { result: "missing", file, accept, difference: [] };
  const difference = reading({ file, accept }, () =>
    graphDifference(reviewed, graphOf(project, plan)),
  ).map(hide);
  return {
    result: difference.length === 0 ? "as reviewed" : "different",
    file,
    accept,
    difference,
  };
}

/** What another plan means to people, machines and workloads. */
export interface AccessReport {
  /** The file of the plan that this one is compared with. */
  readonly file: string;
  /** The most dangerous first; empty if the access is the same. */
  readonly changes: readonly AccessChange[];
}

const ownTokens = z.object({
  issuer: z.string().optional(),
  audience: z.string().optional(),
  permissionsClaim: z.array(z.string()).optional(),
});

/**
 * @param against the file of another plan than the reviewed one, such as that of the branch that a pull request is for
 * @param hide removes the configuration's secrets from a text
 * @returns undefined if there is no reviewed plan
 * @throws UserError if the file does not contain a plan
 */
export function compareAccess(
  project: Pick<Project, "place" | "application">,
  plan: Plan,
  against: string | undefined,
  hide: (text: string) => string,
): AccessReport | undefined {
  const file = against ?? graphFile(project, plan.stack);
  const reviewed = readReviewed(file);
  if (reviewed === undefined) {
    if (against !== undefined) throw new UserError(`--against ${against}: there is no such file`);
    return undefined;
  }
  const accept = acceptCommand(project, plan.stack);
  const entries = reading({ file, accept }, () => readGraph(reviewed));
  const own = ownTokens.catch({}).parse(plan.outputs);
  const changes = accessDifference(entries, plan.resources.map(entryOf), project.application, own);
  return { file, changes: changes.map((each) => ({ ...each, text: hide(each.text) })) };
}

/** Makes this plan the reviewed one. */
export function acceptPlan(project: Pick<Project, "place">, plan: Plan): void {
  const file = graphFile(project, plan.stack);
  const planned = graphOf(project, plan);
  const isNew = readReviewed(file) !== planned;
  if (isNew) {
    mkdirSync(dirname(join(ownFolder, file)), { recursive: true });
    writeFileSync(join(ownFolder, file), planned);
  }
  console.error(`${file}: ${isNew ? "written" : "as it was"}`);
}

function readReviewed(file: string): string | undefined {
  const path = resolve(ownFolder, file);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function reading<Result>(
  { file, accept }: Pick<Check, "file" | "accept">,
  read: () => Result,
): Result {
  try {
    return read();
  } catch {
    // For example, it has the conflict of a merge.
    throw new UserError(`${file} is not a plan that can be read: ${accept} writes it anew`);
  }
}

/** What is wrong with the plan; undefined if it is the reviewed one. */
export function complaintOf({ result, file, accept }: Check, stack: string): string | undefined {
  const complaints = {
    "as reviewed": undefined,
    missing: `there is no ${file}: ${accept} writes it`,
    different: `the plan of ${stack} is not the one in ${file}: see above, and if it should be so: ${accept}`,
  };
  return complaints[result];
}
