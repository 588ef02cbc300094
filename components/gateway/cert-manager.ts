import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { namespaces, releases } from "../names";

const chart = {
  chart: "cert-manager",
  version: "v1.21.2",
  repositoryOpts: { repo: "https://charts.jetstack.io" },
};

/** How long the release may take, in seconds; the first time images are pulled. */
const timeout = 300;

/** cert-manager, which gets certificates from authorities and renews them. */
export class CertManager extends pulumi.ComponentResource {
  public readonly namespace: kubernetes.core.v1.Namespace;

  /** Issuers and Certificates depend on it: its webhook checks them. */
  public readonly release: kubernetes.helm.v3.Release;

  /**
   * @param name the component's name; its children are named after it
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(name: string, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:CertManager", name, {}, options);
    this.namespace = new kubernetes.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: namespaces.certificates } },
      { parent: this },
    );
    this.release = new kubernetes.helm.v3.Release(
      `${name}-release`,
      {
        ...chart,
        ...releases.certManager,
        // The chart keeps its resource definitions when the release is deleted: otherwise every certificate of the
        // cluster would be deleted with them. Its pods have few rights. One of each is enough: without them no
        // certificate is renewed for a while.
        values: { crds: { enabled: true } },
        atomic: true,
        timeout,
      },
      { parent: this, dependsOn: [this.namespace] },
    );
    this.registerOutputs({});
  }
}
