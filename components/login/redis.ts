import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { redis } from "./names";
import { createWorkload } from "./workload";

/**
 * Less than the container's limit: when they fill it, the sessions that were not used for the longest time are removed.
 */
const sessionMemory = "64mb";

const folder = "/etc/redis";
const file = "redis.conf";

/**
 * A Redis that keeps sessions in memory only. After a restart people sign in again, without a password if the
 * provider's own session still lasts.
 */
export class Redis extends pulumi.ComponentResource {
  /** The password of its client. A secret. */
  public readonly password: pulumi.Output<string>;

  /**
   * @param name the component's name; its children are named after it
   * @param args the image
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(
    name: string,
    { image }: { readonly image: string },
    options: pulumi.ComponentResourceOptions,
  ) {
    super("istio-auth0:index:Redis", name, {}, options);
    const { result } = new random.RandomPassword(
      `${name}-password`,
      { length: 48, special: false },
      { parent: this },
    );
    this.password = result;
    const secret = new kubernetes.core.v1.Secret(
      `${name}-configuration`,
      {
        metadata: { name: redis.name, namespace: redis.namespace },
        // The password is in a file, because every process of the node can read arguments.
        stringData: { [file]: result.apply(configurationWith) },
      },
      { parent: this, deleteBeforeReplace: true },
    );
    const running = { tcpSocket: { port: redis.port } };
    createWorkload(
      name,
      redis,
      {
        portName: "tcp-redis",
        container: {
          image,
          command: ["redis-server", `${folder}/${file}`],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        },
        probes: { readiness: running, liveness: running },
        volumes: [
          { folder, volume: { name: "configuration", secret: { secretName: redis.name } } },
        ],
        // With two, each would have only some of the sessions.
        strategy: "Recreate",
        replicas: 1,
      },
      { parent: this, dependsOn: [secret] },
    );
    this.registerOutputs({});
  }
}

/** The sidecar reaches it at the pod's own address. Nothing is written to disk. */
function configurationWith(password: string): string {
  return `bind * -::*
port ${redis.port}
requirepass ${password}
save ""
appendonly no
maxmemory ${sessionMemory}
maxmemory-policy allkeys-lru
`;
}
