import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application } from "../application";
import { GatewayRecord, type StackCluster, type WayIn } from "../cluster";
import type { IstioSettings } from "../config";
import { GatewayCertificate } from "../gateway/certificate";
import { extensionProviders } from "../login/gateway";
import { createNetworkPolicies, meshPolicies, networkOf, type NetworkSettings } from "../network";
import type { Settings } from "../settings";
import type { Egress } from "./egress";
import { namespaces, releases } from "../names";
import { type Chart, locateChart } from "./charts";
import { gatewayValues, type HelmValues, istiodValues, mergeValues } from "./values";

/** What the mesh is made from: the settings under `istio`, and parts of other sections. */
export interface IstioMeshArgs extends IstioSettings {
  /** How the ingress gateway's Service is reached from outside. */
  readonly wayIn: WayIn;
  /**
   * PEM of a private authority that istiod trusts when it fetches the tenant's keys. Default: public authorities only.
   * Changing it restarts istiod.
   */
  readonly certificateAuthority?: string | undefined;
  /** What workloads may reach outside of the mesh: the setting `mesh.egress`. Changing it takes effect at once. */
  readonly egress: Egress;
  /** Whether istiod and the gateway have two pods each. Default: false. */
  readonly highAvailability?: boolean | undefined;
  /** What the NetworkPolicies depend on. Default: there are none. */
  readonly network?: NetworkSettings | undefined;
  /** Whether the gateway serves HTTPS, too. Default: false. */
  readonly isSecure?: boolean | undefined;
  /** External authorizers that proxies may ask, for `meshConfig.extensionProviders`. Default: none. */
  readonly extensionProviders?: readonly HelmValues[] | undefined;
}

/** How long one release may take, in seconds; the first time images are pulled. */
const timeout = 300;

/** Istio: its resource definitions, the control plane and an ingress gateway, in this order. */
export class IstioMesh extends pulumi.ComponentResource {
  /**
   * istiod. Istio's resources and pods with a sidecar depend on it: its webhooks check the resources and inject the
   * sidecars.
   */
  public readonly controlPlane: kubernetes.helm.v3.Release;

  /** The ingress gateway. When it exists, its Service has its address. */
  public readonly gateway: kubernetes.helm.v3.Release;

  /** The ingress gateway's namespace. What the gateway reads, such as its certificate, depends on it. */
  public readonly ingressNamespace: kubernetes.core.v1.Namespace;

  /**
   * @param name the component's name; its children are named after it
   * @param args version, chart source, values, and how the gateway is reached
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(name: string, args: IstioMeshArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:IstioMesh", name, {}, options);

    const createNamespace = (suffix: string, namespace: string) =>
      new kubernetes.core.v1.Namespace(
        `${name}-${suffix}`,
        { metadata: { name: namespace } },
        { parent: this },
      );
    const install = (
      chart: Chart,
      release: { name: string; namespace: string; values: HelmValues },
      dependsOn: pulumi.Resource[],
    ) =>
      new kubernetes.helm.v3.Release(
        `${name}-${chart}`,
        {
          ...locateChart(args.charts, chart, args.version),
          ...release,
          values: mergeValues(release.values, args.values[chart]),
          // Resource definitions do not run, so there is nothing to wait for. A release of something that runs, if it
          // failed halfway, would keep its name and block the next attempt.
          ...(chart === "base" ? { skipAwait: true } : { atomic: true, timeout }),
          // Istio's charts fit Kubernetes' schema, which the API server takes half a second to write: only values of the
          // configuration may not.
          ...(Object.keys(args.values[chart]).length === 0 && { disableOpenapiValidation: true }),
        },
        { parent: this, dependsOn },
      );

    const system = createNamespace("system", namespaces.mesh);
    this.ingressNamespace = createNamespace("ingress", namespaces.ingress);
    if (args.network !== undefined)
      createNetworkPolicies(name, meshPolicies(args.network, args.isSecure === true), {
        parent: this,
        dependsOn: [system, this.ingressNamespace],
      });
    const base = install("base", { ...releases.base, values: {} }, [system]);
    this.controlPlane = install(
      "istiod",
      { ...releases.controlPlane, values: istiodValues(args) },
      [base],
    );
    this.gateway = install(
      "gateway",
      {
        ...releases.gateway,
        values: gatewayValues(args.wayIn, args.isSecure === true, args.highAvailability),
      },
      // The control plane's webhook sets the image of the gateway's pods.
      [this.ingressNamespace, this.controlPlane],
    );
    this.registerOutputs({});
  }
}

/** The mesh of a stack. */
export interface Mesh extends Pick<IstioMesh, "controlPlane" | "ingressNamespace"> {
  /** What makes the gateway's certificate. Default: the gateway has none. */
  readonly certificate: GatewayCertificate | undefined;
}

/**
 * Makes Istio, and the gateway's certificate (`certificate`) and DNS record (`dns`) if the settings ask for them.
 *
 * @param name the component's name
 * @param application the application that the gateway leads to
 */
export function createMesh(
  name: string,
  settings: Pick<Settings, "istio" | "mesh" | "gateway" | "identity" | "login">,
  application: Pick<Application, "name">,
  cluster: StackCluster,
): Mesh {
  const { gateway, identity, login } = settings;
  const { url: gatewayUrl, tls } = gateway;
  const network = networkOf(settings.mesh);
  const providers = [cluster.provider];
  const options = { providers, ...cluster.inCluster, ...cluster.first };
  const mesh = new IstioMesh(
    name,
    {
      ...settings.istio,
      ...settings.mesh,
      wayIn: cluster.wayIn,
      network,
      isSecure: tls !== undefined,
      certificateAuthority: identity.certificateAuthority,
      extensionProviders: login.at === "gateway" ? extensionProviders(login) : [],
    },
    options,
  );
  const { controlPlane, ingressNamespace } = mesh;
  const certificate =
    tls &&
    new GatewayCertificate(
      "certificate",
      {
        application,
        gatewayUrl,
        issuer: tls.issuer,
        found: cluster.certificate,
        ingressNamespace,
        network,
      },
      options,
    );
  if (cluster.dnsZone !== undefined)
    new GatewayRecord(
      "dns",
      { zone: cluster.dnsZone, gatewayUrl, gateway: mesh.gateway },
      { providers },
    );
  return { controlPlane, ingressNamespace, certificate };
}
