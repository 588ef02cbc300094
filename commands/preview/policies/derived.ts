/** What the policy pack's rules compare a stack with: the access table and the stack's own settings. */
import { heldPermissions } from "../../../components/access/document";
import {
  type Application,
  callerAccount,
  machineTitle,
  podPort,
} from "../../../components/application";
import { istioPath, operationNamed } from "../../../components/access/operations";
import { alternativesOf, permissionsIn } from "../../../components/access/requirement";
import { requirementIn, type Row, rowsOf } from "../../../components/access/rows";
import type { Settings } from "../../../components/config";
import { acceptedTokens } from "../../../components/identity/tokens";
import { namespaces } from "../../../components/names";
import type { ServiceDocument } from "../../../policies/rules/api-document";
import type { Grants } from "../../../policies/rules/auth0-grants";
import type { Issuer, Table } from "../../../policies/table";
import { gatewaySettings } from "./login";
import { networkSettings } from "./network";

/** The settings that decide about them. */
export type DerivedFrom = Pick<
  Settings,
  "identity" | "authentication" | "login" | "gateway" | "mesh"
>;

/** By the name of a rule's setting: a rule that has a setting of this name gets the value. */
export function derivedSettings(application: Application, settings: DerivedFrom) {
  const { identity, authentication, login } = settings;
  const issuers: Issuer[] = [
    { ...acceptedTokens(identity), clients: ownClients(settings) },
    ...authentication.issuers,
  ].map(({ issuer, jwksUri, audience, permissionsClaim, spaceDelimited, clients }) => ({
    issuer,
    jwksUri,
    audience,
    permissionsClaim: [...permissionsClaim],
    ...(spaceDelimited === true && { spaceDelimited }),
    clients: typeof clients === "string" ? clients : [...clients],
  }));
  const isGatewayChecking = authentication.at === "gateway" || login.at === "gateway";
  const table: Table = {
    namespace: application.namespace,
    issuers,
    services: Object.fromEntries(
      Object.entries(application.services).map(([service, access]) => [
        service,
        alone(rowsOf(access).map((row) => rowOf(application, row))),
      ]),
    ),
    ...labelsOf(application),
    ...protocolsOf(application),
    ports: Object.fromEntries(
      Object.entries(application.services).map(([service, { port }]) => [service, port]),
    ),
    ...targetPortsOf(application),
    accounts: Object.fromEntries(
      Object.entries(application.services).map(([service, { serviceAccount }]) => [
        service,
        serviceAccount,
      ]),
    ),
  };
  return {
    issuers,
    table,
    rootNamespace: namespaces.mesh,
    checkedServices: authentication.at === "workload" ? "protected" : "all",
    // A request without a token is refused by the services that require one.
    checkOnlyNamespaces: isGatewayChecking ? [namespaces.ingress] : [],
    ...documentsOf(application, settings),
    ...(identity.kind === "auth0" && { grants: grantsOf(application, identity) }),
    ...gatewaySettings(application, settings),
    ...networkSettings(application, settings),
  };
}

/** Those of the services whose pods are known by other labels than app, if there are any. */
function labelsOf({ services }: Application): Pick<Table, "labels"> {
  const others = Object.entries(services).flatMap(([service, { labels }]) =>
    labels === undefined ? [] : [[service, { ...labels }] as const],
  );
  return others.length === 0 ? {} : { labels: Object.fromEntries(others) };
}

/** The ports of the pods that listen on another than their Service's, if there are any. */
function targetPortsOf({ services }: Application): Pick<Table, "targetPorts"> {
  const others = Object.entries(services).flatMap(([service, access]) =>
    podPort(access) === access.port ? [] : [[service, podPort(access)] as const],
  );
  return others.length === 0 ? {} : { targetPorts: Object.fromEntries(others) };
}

/** Those of the services that are no HTTP, if there are any. */
function protocolsOf({ services }: Application): Pick<Table, "protocols"> {
  const others = Object.entries(services).flatMap(([service, { protocol = "http" }]) =>
    protocol === "http" ? [] : [[service, protocol] as const],
  );
  return others.length === 0 ? {} : { protocols: Object.fromEntries(others) };
}

/** The services' documents, if there are any. */
function documentsOf(
  { namespace, services, roles }: Application,
  settings: DerivedFrom,
): { readonly documents?: readonly ServiceDocument[] } {
  const isKnownWhoHolds = heldPermissions(roles, settings) !== undefined;
  const documents = Object.entries(services).flatMap(([service, { document, labels }]) => {
    if (document === undefined) return [];
    const { file } = document;
    const operations = Object.keys(document.operations)
      .map(operationNamed)
      .map(({ method, path }) => `${method} ${istioPath(path)}`);
    const asked = Object.values(document.operations).map(requirementIn).flatMap(permissionsIn);
    const permissions = isKnownWhoHolds ? [...new Set(asked)] : [];
    const known = labels && { labels: { ...labels } };
    return [{ file, namespace, service, ...known, operations, permissions }];
  });
  return documents.length === 0 ? {} : { documents };
}

/** What a service's only row is, where it is about every request. */
const alone = (rows: ReturnType<typeof rowOf>[]) => {
  const [row] = rows;
  return row !== undefined && row.methods === undefined ? row : rows;
};

/** A row of the table as the pack reads it: callers by their accounts, and the path as policies write it. */
export function rowOf(application: Application, { callers, requires, operation }: Row) {
  return {
    callers: callers.map((caller) => callerAccount(application, caller)),
    requires:
      typeof requires === "string" ? requires : alternativesOf(requires).map((all) => [...all]),
    ...(operation && { methods: [operation.method], paths: [istioPath(operation.path)] }),
  };
}

/** The clients of the stack's own provider whose tokens count: at Auth0 the stack makes them, and they have no ids yet. */
function ownClients({
  identity,
  authentication,
}: Pick<Settings, "identity" | "authentication">): Issuer["clients"] {
  if (authentication.clients === "any") return "any";
  if (identity.kind === "auth0") return "listed";
  const { client, machines } = identity;
  return [...(client ? [client.id] : []), ...machines.map(({ clientId }) => clientId)];
}

/** Which users and machines get which roles and permissions at the tenant. */
function grantsOf(
  application: Application,
  { audience, users, machines }: Extract<Settings["identity"], { kind: "auth0" }>,
): Grants {
  const roles = Object.entries(application.roles);
  return {
    audience,
    permissions: Object.keys(application.permissions),
    roles: Object.fromEntries(roles.map(([name, { permissions }]) => [name, [...permissions]])),
    users: Object.fromEntries(users.map(({ email, roles }) => [email, [...roles]])),
    clients: Object.fromEntries(
      machines.map(({ name, permissions }) => [machineTitle(application, name), [...permissions]]),
    ),
  };
}
