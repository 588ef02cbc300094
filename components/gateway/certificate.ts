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

/**
 * The setting, and also the name of the resource that is read for it, so that a message about the resource names the
 * setting.
 */
const setting = "gateway.tls.secret";

/**
 * Looks up the Secret that the configuration names. What depends on it is not made if it is missing or is not a
 * certificate's.
 *
 * @param tls the settings under `gateway.tls`
 * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
 * @returns undefined if the certificate comes from elsewhere, or if there is none
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

/** What the gateway's certificate is made of. */
export interface GatewayCertificateArgs {
  /** The name that the Secret's name begins with. */
  readonly application: Pick<Application, "name">;
  /** The gateway's URL; a certificate that cert-manager asks for is for its host. */
  readonly gatewayUrl: string;
  /** Who issues the certificate; cert-manager is installed for it. Not together with `found`. */
  readonly issuer?: IssuerSettings | undefined;
  /** The Secret that has the certificate already. Not together with `issuer`. */
  readonly found?: pulumi.Output<kubernetes.core.v1.Secret> | undefined;
  /** Where the gateway runs, and reads its certificate. */
  readonly ingressNamespace: kubernetes.core.v1.Namespace;
  /** What the NetworkPolicies depend on. Default: there are none. */
  readonly network?: NetworkSettings | undefined;
}

/**
 * The gateway's certificate and key: a Secret in its namespace, copied from an existing one, or made and renewed by
 * cert-manager.
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

  /** A gateway reads only Secrets of its own namespace. A renewed certificate is copied by the next update. */
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
      // It keeps its name, so the old one is deleted first; Envoy uses the certificate that it has in the meantime.
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

/** What a Secret of Kubernetes' type for certificates must have; it may have more. */
const keys = ["tls.crt", "tls.key"] as const;

type SecretData = Readonly<Record<string, string>>;

/** @throws pulumi.RunError where the Secret is no certificate's */
export function requireCertificate(data: SecretData | undefined): void {
  const held = Object.keys(data ?? {});
  if (keys.every((key) => held.includes(key))) return;
  const found = `found a Secret with ${held.join(", ") || "no key"}`;
  const message = `${setting}: ${found}, expected one with ${keys.join(" and ")}`;
  // Pulumi puts what it was about to do in front of the message, once for each resource that waits for this.
  const unchanging = { get: () => message, set: () => undefined };
  throw Object.defineProperty(new pulumi.RunError(message), "message", unchanging);
}

function certificateAndKey(data: SecretData | undefined): Record<string, string> {
  return Object.fromEntries(
    keys.flatMap((key) => (data?.[key] === undefined ? [] : [[key, data[key]]])),
  );
}

/**
 * HTTP-01 for ACME: it works wherever the gateway is reached from outside, and needs no key of a DNS provider in the
 * cluster. The gateway leads a challenge to cert-manager's solver: see `solverRoute`.
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
