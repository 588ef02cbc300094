import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { redis } from "./names";
import { createWorkload, restartedBy } from "./workload";

/** What the sessions' Redis is made from. */
export interface RedisArgs {
  readonly image: string;
}

/** Less than the container may have: the oldest sessions go first, and nobody's memory is taken. */
const memory = { sessions: "64mb", container: "128Mi" };

const file = { folder: "/etc/redis", name: "redis.conf" };

/**
 * A Redis that keeps sessions in memory only. What it loses in a restart is signed in to again, without a password
 * where the provider's own session lasts.
 */
export class Redis extends pulumi.ComponentResource {
  /** What its clients sign in with. A secret. */
  public readonly password: pulumi.Output<string>;

  /**
   * @param name the component's name; its children are named after it
   * @param args the image
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(name: string, { image }: RedisArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:Redis", name, {}, options);
    const { result: password } = new random.RandomPassword(
      `${name}-password`,
      { length: 48, special: false },
      { parent: this },
    );
    this.password = password;
    // A file, as every process of the node may read an argument.
    const configuration = new kubernetes.core.v1.Secret(
      `${name}-configuration`,
      {
        metadata: { name: redis.name, namespace: redis.namespace },
        stringData: { [file.name]: password.apply(redisConfiguration) },
      },
      { parent: this, deleteBeforeReplace: true },
    );
    createWorkload(
      name,
      redis,
      {
        port: { name: "tcp-redis" },
        container: {
          image,
          command: ["redis-server", `${file.folder}/${file.name}`],
          probe: { tcpSocket: { port: redis.port } },
          mounts: { configuration: file.folder },
          memory: { request: "32Mi", limit: memory.container },
        },
        volumes: [{ name: "configuration", secret: { secretName: redis.name } }],
        annotations: restartedBy("configuration", password),
        // Two would each have some of the sessions.
        strategy: "Recreate",
      },
      { parent: this, dependsOn: [configuration] },
    );
    this.registerOutputs({});
  }
}

/** Nothing is written to disk, and the sidecar's address is not the loopback. */
function redisConfiguration(password: string): string {
  return [
    "bind * -::*",
    `port ${redis.port}`,
    `requirepass ${password}`,
    'save ""',
    "appendonly no",
    `maxmemory ${memory.sessions}`,
    "maxmemory-policy allkeys-lru",
    "",
  ].join("\n");
}
