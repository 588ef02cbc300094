import { isIP } from "node:net";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../application";
import type { TlsSettings } from "../config";
import { gatewayCredential, namespaces } from "../names";
import { certificatePolicies, createNetworkPolicies, type NetworkSettings } from "../network";
import { solver, unservedClass } from "./acme";
import { CertManager } from "./cert-manager";
import { Certificate, Issuer, type IssuerSpec } from "./resources";

type IssuerSettings = NonNullable<TlsSettings["issuer"]>;

/** The setting, which is also the name of what is read for it: a message about the one names the other. */
const setting = "gateway.tls.secret";

/**
 * Looks up the Secret that the configuration names. Whatever depends on it is not made where it is missing, or
 * is no certificate's.
 *
 * @param tls the settings under `gateway.tls`
 * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
 * @returns undefined where the certificate comes from elsewhere, or there is none
 */
export function findCertificate(
  tls: TlsSettings | undefined,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<kubernetes.core.v1.Secret> | undefined {
  if (tls?.secret === undefined) return undefined;
  const secret = kubernetes.core.v1.Secret.get(setting, tls.secret, options);
  return secret.data.apply((data) => {
    requireCertificate(data);
    return secret;
  });
}

/** What the gateway's certificate is made from. */
export interface GatewayCertificateArgs {
  /** The Secret is named after it. */
  readonly application: Pick<Application, "name">;
  /** The gateway's URL; the certificate that is asked for is for its host. */
  readonly gatewayUrl: string;
  /** Who is asked for the certificate; cert-manager is installed for it. Not with `found`. */
  readonly issuer?: IssuerSettings | undefined;
  /** The Secret that has the certificate already. Not with `issuer`. */
  readonly found?: pulumi.Output<kubernetes.core.v1.Secret> | undefined;
  /** Where the gateway runs, and reads its certificate. */
  readonly ingressNamespace: kubernetes.core.v1.Namespace;
  /** What the NetworkPolicies depend on. Default: there are none. */
  readonly network?: NetworkSettings | undefined;
}

/**
 * The gateway's certificate and key: a Secret in its namespace, copied from one that is there, or made and
 * renewed by cert-manager.
 */
export class GatewayCertificate extends pulumi.ComponentResource {
  /**
   * @param name the component's name; its children are named after it
   * @param args where the certificate comes from
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(
    name: string,
    args: GatewayCertificateArgs,
    options: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:GatewayCertificate", name, {}, options);
    const { found, issuer } = args;
    if (found !== undefined) this.copy(name, found, args);
    if (issuer !== undefined) this.request(name, issuer, args);
    this.registerOutputs({});
  }

  /** A gateway reads Secrets of its own namespace only. A renewed certificate is copied by the next update. */
  private copy(
    name: string,
    found: pulumi.Output<kubernetes.core.v1.Secret>,
    { application, ingressNamespace }: GatewayCertificateArgs,
  ): void {
    new kubernetes.core.v1.Secret(
      `${name}-copy`,
      {
        metadata: { name: gatewayCredential(application), namespace: namespaces.ingress },
        type: "kubernetes.io/tls",
        data: pulumi.secret(found.apply(({ data }) => data).apply(certificateAndKey)),
      },
      // It keeps its name, so the old one has to go first; meanwhile Envoy goes on with what it has.
      { parent: this, dependsOn: [ingressNamespace], deleteBeforeReplace: true },
    );
  }

  private request(
    name: string,
    settings: IssuerSettings,
    { application, gatewayUrl, ingressNamespace, network }: GatewayCertificateArgs,
  ): void {
    const credential = gatewayCredential(application);
    const metadata = { name: credential, namespace: namespaces.ingress };
    if (settings.kind === "acme")
      new kubernetes.core.v1.Service(`${name}-solver`, solver, {
        parent: this,
        dependsOn: [ingressNamespace],
      });
    const { namespace, release } = new CertManager(`${name}-manager`, { parent: this });
    if (network !== undefined)
      createNetworkPolicies(name, certificatePolicies(network, settings.kind), {
        parent: this,
        dependsOn: [namespace, ingressNamespace],
      });
    const issuer = new Issuer(
      `${name}-issuer`,
      {
        metadata,
        spec: issuerSpec(settings),
      },
      { parent: this, dependsOn: [release, ingressNamespace] },
    );
    const host = new URL(gatewayUrl).hostname.replace(/^\[|\]$/g, "");
    new Certificate(
      `${name}-request`,
      {
        metadata,
        spec: {
          secretName: credential,
          issuerRef: { group: "cert-manager.io", kind: "Issuer", name: credential },
          ...(isIP(host) === 0 ? { dnsNames: [host] } : { ipAddresses: [host] }),
          privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
          usages: ["digital signature", "server auth"],
        },
      },
      { parent: this, dependsOn: [issuer] },
    );
  }
}

/** What a Secret of the type that Kubernetes has for certificates must hold; it may hold more. */
const keys = ["tls.crt", "tls.key"] as const;

type SecretData = Readonly<Record<string, string>>;

/** @throws pulumi.RunError where the Secret is no certificate's */
export function requireCertificate(data: SecretData | undefined): void {
  const held = Object.keys(data ?? {});
  if (keys.every((key) => held.includes(key))) return;
  const found = `found a Secret with ${held.join(", ") || "no key"}`;
  const message = `${setting}: ${found}, expected one with ${keys.join(" and ")}`;
  // Pulumi puts before the message what it was about to do, once for each resource that waits for this.
  const unchanging = { get: () => message, set: () => undefined };
  throw Object.defineProperty(new pulumi.RunError(message), "message", unchanging);
}

function certificateAndKey(data: SecretData | undefined): Record<string, string> {
  return Object.fromEntries(
    keys.flatMap((key) => (data?.[key] === undefined ? [] : [[key, data[key]]])),
  );
}

/**
 * HTTP-01 for ACME: it works wherever the gateway is reached from outside, and no key to somebody's DNS has to
 * lie in the cluster. The gateway leads a challenge to cert-manager's solver: see `solverRoute`.
 */
function issuerSpec(issuer: IssuerSettings): IssuerSpec {
  if (issuer.kind === "selfSigned") return { selfSigned: {} };
  return {
    acme: {
      email: issuer.email,
      server: issuer.server,
      privateKeySecretRef: { name: "acme-account" },
      solvers: [
        { http01: { ingress: { ingressClassName: unservedClass, serviceType: "ClusterIP" } } },
      ],
    },
  };
}
