/** The real program's resources, as a policy pack is given them. */
import * as pulumi from "@pulumi/pulumi";
import { unknown } from "../components/mocks";
import { runProgram } from "../program";
import { type Given, notKnown } from "./judged";

/** What a preview of the stack registers. */
export async function programResources(stack: string): Promise<Given[]> {
  const { registrations } = await runProgram({ stack, preview: true });
  return registrations
    .filter(({ id }) => id === undefined)
    .map(({ type, name, inputs, protect, provider }) => ({
      type,
      name,
      inputs: asGiven(inputs) as Record<string, unknown>,
      protect,
      ...(isMade(type) && { provider: provider || "default" }),
    }));
}

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
