/** An application's namespace with everything that protects it: it exists before the first service runs. */
import * as pulumi from "@pulumi/pulumi";
import { documentDifferences } from "./access/document";
import { readAlike } from "./access/readings";
import type { Application } from "./application";
import type { StackCluster } from "./cluster";
import { Enforcement } from "./enforcement";
import { trustedIssuers } from "./enforcement/issuers";
import { isChallenging } from "./gateway/challenge";
import type { Identity } from "./identity";
import { createLogin, type Login } from "./login";
import type { Mesh } from "./mesh";
import { createNamespace } from "./namespace";
import { networkOf } from "./network";
import type { Settings } from "./settings";
import type { IngressArgs } from "./workloads/ingress";

/** What protects the namespace. */
export interface ProtectionArgs {
  readonly application: Application;
  readonly cluster: StackCluster;
  readonly mesh: Mesh;
  readonly identity: Identity;
}

/** Where workloads can be made: every request to them that the table does not allow is refused. */
export interface ProtectedNamespace {
  /** What the login changes in the workloads and the ingress, the gateway's certificate, and who asks for tokens. */
  readonly ingress: Login["application"] & Pick<IngressArgs, "certificate" | "realm">;
  /** For the workloads: they are made after the namespace, the policies and the login. */
  readonly options: pulumi.ComponentResourceOptions;
}

/**
 * Makes the application's namespace, the enforcement of its table (`access`), and the login (`login`). It warns of each
 * difference between the table and the services' documents.
 */
export function createProtectedNamespace(
  settings: Settings,
  { application, cluster, mesh, identity }: ProtectionArgs,
): ProtectedNamespace {
  for (const line of [...documentDifferences(application, settings), ...readAlike(application)])
    void pulumi.log.warn(line);
  const { gateway, login: loginSettings } = settings;
  const { url: gatewayUrl, cors } = gateway;
  const network = networkOf(settings.mesh);
  const { provider, inCluster, first } = cluster;
  const namespace = createNamespace(application.namespace, application, {
    provider,
    ...inCluster,
    ...first,
  });
  const after = (...dependsOn: pulumi.Resource[]) => ({
    providers: [provider],
    ...inCluster,
    dependsOn: [mesh.controlPlane, ...dependsOn],
  });
  const enforcement = new Enforcement(
    "access",
    {
      issuers: trustedIssuers(identity, settings.authentication),
      authentication: settings.authentication,
      login: loginSettings.at === "gateway" ? loginSettings : undefined,
      gatewayUrl,
      cors,
      ...settings.mesh,
      network: network && {
        settings: network,
        signsInAt: loginSettings.at === "application" ? identity : undefined,
      },
      application,
    },
    after(mesh.ingressNamespace, namespace),
  );
  const login = createLogin(
    "login",
    loginSettings,
    { application, identity, gatewayUrl, cors, ...settings.mesh, network },
    after(mesh.ingressNamespace, namespace),
  );
  return {
    ingress: {
      ...login.application,
      certificate: mesh.certificate,
      ...(isChallenging(settings) && { realm: identity.audience }),
    },
    options: after(namespace, enforcement, ...login.enforced),
  };
}
