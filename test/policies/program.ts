/** The real program's resources, as the policy pack is given them, and the pack's configuration for them. */
import * as pulumi from "@pulumi/pulumi";
import { services } from "../../components/access";
import { gatewayServiceAccount, namespaces, serviceAccountOf } from "../../components/names";
import { unknown } from "../components/mocks";
import { runProgram } from "../program";
import { rules } from "../../policies/rules";
import { type Given, notKnown } from "./judged";

export interface Program {
  readonly resources: readonly Given[];
  /** By the rules' names. */
  readonly configuration: Readonly<
    Record<string, { readonly settings: Readonly<Record<string, unknown>> }>
  >;
}

/** What a preview of the stack registers, and what the pack is configured with then. */
export async function programOf(stack: string): Promise<Program> {
  const { registrations, outputs } = await runProgram({ stack, preview: true });
  const resources = registrations
    .filter(({ id }) => id === undefined)
    .map(({ type, name, inputs, protect, provider }) => ({
      type,
      name,
      inputs: asGiven(inputs) as Record<string, unknown>,
      protect,
      ...(isMade(type) && { provider: provider || "default" }),
    }));
  return { resources, configuration: configurationOf(stack, outputs) };
}

function configurationOf(
  stack: string,
  { issuer, jwksUri, audience, permissionsClaim }: typeof import("../../index"),
): Program["configuration"] {
  const issuers = [{ issuer, jwksUri, audience, permissionsClaim: [...permissionsClaim] }];
  const table = {
    namespace: namespaces.application,
    issuers,
    services: Object.fromEntries(
      Object.entries(services).map(([service, { callers, requires }]) => [
        service,
        {
          callers: callers.map((caller) => {
            const account = caller === "gateway" ? gatewayServiceAccount : serviceAccountOf(caller);
            return `${account.namespace}/${account.name}`;
          }),
          requires,
        },
      ]),
    ),
  };
  const local = stack === "prod" ? {} : { allowLocalhost: true };
  const derived = Object.entries({
    issuers,
    table,
    rootNamespace: namespaces.mesh,
    allowOfflineAccess: true,
    maximumTokenLifetime: 3600,
    ...local,
  });
  return Object.fromEntries(
    rules.map(({ name, configSchema: { properties } }) => [
      name,
      {
        settings: Object.fromEntries(
          derived.filter(([setting]) => Object.hasOwn(properties, setting)),
        ),
      },
    ]),
  );
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
