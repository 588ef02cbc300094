/** The real program's resources, as the policy pack is given them, and the pack's configuration for them. */
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { application as bookinfo } from "../../../application";
import type { Application } from "../../../components/application";
import { loadSettings } from "../../../components/config";
import { createStack } from "../../../components/stack";
import { rules } from "../../../policies/rules";
import { readChoice } from "../../../commands/preview/policies/choice";
import {
  type PackConfiguration,
  packConfiguration,
} from "../../../commands/preview/policies/configuration";
import { unknown } from "../components/mocks";
import { runProgram } from "../../support/program";
import { workloadsOf } from "../../../workloads";
import { type Given, notKnown } from "./judged";

export interface Program {
  readonly resources: readonly Given[];
  readonly configuration: PackConfiguration;
}

/**
 * What a preview of the stack registers, and what the pack is configured with then.
 * @param application another one of the same services
 */
export async function programOf(
  stack: string,
  changes = {},
  application: Application = bookinfo,
): Promise<Program> {
  const { registrations } = await runProgram({
    stack,
    preview: true,
    changes,
    ...(application !== bookinfo && { program: () => createBookinfo(application) }),
  });
  const resources = registrations
    .filter(({ id }) => id === undefined)
    .map(({ type, name, inputs, protect, provider, references, additionalSecretOutputs }) => ({
      type,
      name,
      inputs: asGiven(inputs) as Record<string, unknown>,
      protect,
      references,
      additionalSecretOutputs,
      ...(isMade(type) && { provider: provider || "default" }),
    }));
  const { choice } = readChoice(join(__dirname, "../../.."), stack, rules);
  return {
    resources,
    configuration: packConfiguration(rules, application, loadSettings(bookinfo), choice),
  };
}

const createBookinfo = (application: Application) =>
  createStack(application, workloadsOf(loadSettings(bookinfo).bookinfo));

/** Whether a provider makes it: a component and a provider have none. */
const isMade = (type: string) =>
  !type.startsWith("pulumi:") && !type.startsWith(`${pulumi.getProject()}:`);

/** With what the SDK has where a value is not known. */
function asGiven(value: unknown): unknown {
  if (value === unknown) return notKnown;
  if (Array.isArray(value)) return value.map(asGiven);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, asGiven(field)]));
}
