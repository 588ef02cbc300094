/** What the policy pack's rules compare a stack with: the access table and the stack's own settings. */
import { type Application, callerAccount } from "../../components/application";
import type { Settings } from "../../components/config";
import { acceptedTokens } from "../../components/identity/tokens";
import { namespaces } from "../../components/names";
import type { Issuer, Table } from "../../policies/table";

/** By the name of a rule's setting: a rule that has one of these is given it. */
export function derivedSettings(
  application: Application,
  { identity, authentication, login }: Pick<Settings, "identity" | "authentication" | "login">,
) {
  const issuers: Issuer[] = [acceptedTokens(identity), ...authentication.issuers].map(
    ({ issuer, jwksUri, audience, permissionsClaim }) => ({
      issuer,
      jwksUri,
      audience,
      permissionsClaim: [...permissionsClaim],
    }),
  );
  const isGatewayChecking = authentication.at === "gateway" || login.at === "gateway";
  const table: Table = {
    namespace: application.namespace,
    issuers,
    services: Object.fromEntries(
      Object.entries(application.services).map(([service, { callers, requires }]) => [
        service,
        { callers: callers.map((caller) => callerAccount(application, caller)), requires },
      ]),
    ),
  };
  return {
    issuers,
    table,
    rootNamespace: namespaces.mesh,
    checkedServices: authentication.at === "workload" ? "protected" : "all",
    // Whoever has no token is refused by the services, where they ask for one.
    checkOnlyNamespaces: isGatewayChecking ? [namespaces.ingress] : [],
  };
}
