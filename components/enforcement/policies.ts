/** The table as Istio's objects: data, so that policies can be judged, and compared with a cluster's. */
import { type Application, callerAccount, podLabels } from "../application";
import { istioPath, type Operation } from "../access/operations";
import { alternativesOf, type Requirement } from "../access/requirement";
import { asksFor, isProtected, type Row, rowsOf, type ServiceAccess } from "../access/rows";
import type {
  AuthorizationPolicySpec,
  MeshObject,
  RequestAuthenticationSpec,
  SidecarSpec,
} from "../mesh/resources";
import { namespaces } from "../names";
import { applicationPolicies } from "../network/policies";
import type { EnforcementArgs, Policies } from "./objects";
import { allowPorts, checkAtGateway, requireTokens } from "./gateway";
import { acceptTokens, withToken } from "./issuers";

/**
 * The table as Istio's objects: mutual TLS everywhere, nothing allowed by default, then one policy for each service.
 */
export function policiesOf(args: EnforcementArgs): Policies {
  const { application } = args;
  const inApplication = metadataIn(application);
  return {
    PeerAuthentication: [
      {
        resource: "mutual-tls",
        metadata: { name: "default", namespace: namespaces.mesh },
        spec: { mtls: { mode: "STRICT" } },
      },
    ],
    RequestAuthentication: checksOf(args),
    AuthorizationPolicy: [
      // A policy without rules allows nothing. In the mesh's root namespace, which has no sidecars, it would apply to
      // the workloads of every other team too.
      { resource: "allow-nothing", metadata: inApplication("allow-nothing"), spec: {} },
      ...Object.entries(application.services).map(([service, access]) => ({
        resource: service,
        metadata: inApplication(service),
        spec: allowCallers(service, access, args),
      })),
      ...allowPorts(args.gatewayUrl),
      ...(args.authentication.required || args.login?.required ? [requireTokens(args)] : []),
    ],
    Sidecar: [
      {
        resource: "imports",
        metadata: inApplication("default"),
        spec: importOnly(args.imports),
      },
    ],
    NetworkPolicy:
      args.network === undefined ? [] : applicationPolicies({ application, ...args.network }),
  };
}

const metadataIn =
  ({ namespace }: Application) =>
  (name: string) => ({ name, namespace });

/**
 * What a namespace's workloads know of the mesh: their own namespace, and what is listed. Otherwise another namespace
 * could have a route or an entry for the name of a service that they call, and would get their requests with the users'
 * tokens.
 */
export const importOnly = (others: readonly string[] = []): SidecarSpec => ({
  egress: [{ hosts: ["./*", ...others] }],
});

type Check = MeshObject<RequestAuthenticationSpec>;

/** What checks tokens. Services check again what the gateway has checked, because it is not their only caller. */
function checksOf(args: EnforcementArgs): readonly Check[] {
  const { application, authentication, login } = args;
  const isChecked = authentication.at === "gateway" || login !== undefined;
  return [
    ...(authentication.at === "workload"
      ? Object.entries(application.services)
          .filter(([, access]) => isProtected(access))
          .map(([service]) => checkAt(service, args))
      : [checkEverywhere(args)]),
    ...(isChecked ? [checkAtGateway(args.issuers)] : []),
  ];
}

function checkAt(service: string, { application, issuers }: EnforcementArgs): Check {
  const resource = `tokens-${service}`;
  return {
    resource,
    metadata: metadataIn(application)(resource),
    spec: { selector: { matchLabels: podLabels(application, service) }, ...acceptTokens(issuers) },
  };
}

function checkEverywhere({ application, issuers }: EnforcementArgs): Check {
  return {
    resource: "tokens",
    metadata: metadataIn(application)("tokens"),
    spec: acceptTokens(issuers),
  };
}

/** A service's rows of the table: their callers, and what requests must carry, of whichever issuer. */
function allowCallers(
  service: string,
  access: ServiceAccess,
  { application, issuers }: EnforcementArgs,
): AuthorizationPolicySpec {
  return {
    action: "ALLOW",
    selector: { matchLabels: podLabels(application, service) },
    rules: alike(rowsOf(access)).flatMap(({ callers, requires, operations }) => {
      const source = {
        serviceAccounts: callers.map((caller) => callerAccount(application, caller)),
      };
      const to = operations.length > 0 && { to: toOperations(operations) };
      if (requires === "public") return [{ from: [{ source }], ...to }];
      return issuers.flatMap((issuer) =>
        conditionsOf(requires).map((permissions) => ({
          ...withToken(issuer, source, permissions),
          ...to,
        })),
      );
    }),
  };
}

/**
 * What rules compare with a token's permissions, a list for each rule: one of each inner list has to be there. So what
 * is enough by itself is one condition, and permissions that are needed together are a rule of their own.
 */
function conditionsOf(requires: Requirement): readonly (readonly (readonly string[])[])[] {
  const alternatives = alternativesOf(requires);
  const alone = alternatives.filter(({ length }) => length === 1);
  const together = alternatives.filter(({ length }) => length !== 1);
  return [
    ...(alone.length > 0 ? [[alone.flat()]] : []),
    ...together.map((all) => all.map((permission) => [permission])),
  ];
}

/** Rows with the same callers and requirement, which are one rule. */
interface AlikeRows extends Pick<Row, "callers" | "requires"> {
  /** Empty: the rows are about every request. */
  readonly operations: readonly Operation[];
}

function alike(rows: readonly Row[]): readonly AlikeRows[] {
  return [...Map.groupBy(rows, asksFor).values()].flatMap((group) => {
    const [first] = group;
    const operations = group.flatMap(({ operation }) => operation ?? []);
    return first === undefined ? [] : [{ ...first, operations }];
  });
}

/** Methods that are allowed on the same paths are one entry. */
function toOperations(operations: readonly Operation[]) {
  const paths = Map.groupBy(operations, ({ method }) => method);
  const pathsOf = (method: string) =>
    (paths.get(method) ?? []).map(({ path }) => istioPath(path)).sort();
  const methods = Map.groupBy(paths.keys(), (method) => JSON.stringify(pathsOf(method)));
  return [...methods.values()].map((those) => ({
    operation: { methods: those, paths: pathsOf(those[0] ?? "") },
  }));
}
