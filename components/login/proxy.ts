import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Identity } from "../identity";
import { checksumOf, type Files } from "./checksum";
import { files, proxyFlags, type ProxyOptions, proxySettings } from "./configuration";
import { proxy } from "./names";
import { createWorkload } from "./workload";

/** What the proxy is made from. */
export interface ProxyArgs extends ProxyOptions {
  readonly identity: ProxyOptions["identity"] & Pick<Identity, "clientSecrets">;
  /** The provider's client that people sign in with. */
  readonly clientId: pulumi.Output<string>;
  /** Whether it runs twice. Default: false. */
  readonly highAvailability?: boolean | undefined;
  /** The password of the Redis with the sessions, if they are kept in one. A secret. */
  readonly redisPassword?: pulumi.Output<string> | undefined;
}

const metadata = { name: proxy.name, namespace: proxy.namespace };

/** OAuth2-Proxy: signs people in, keeps their sessions, and gives the gateway the access token for each request. */
export class Proxy extends pulumi.ComponentResource {
  /**
   * @param name the component's name; its children are named after it
   * @param args the settings, the provider and its client
   * @param options Pulumi's resource options; they must carry the cluster's Kubernetes provider
   */
  constructor(name: string, args: ProxyArgs, options: pulumi.ComponentResourceOptions) {
    super("istio-auth0:index:OAuth2Proxy", name, {}, options);
    const configuration = this.configurationOf(args);
    const secrets = this.secretsOf(name, args);
    const child = { parent: this, deleteBeforeReplace: true };
    const configMap = new kubernetes.core.v1.ConfigMap(
      `${name}-configuration`,
      { metadata, data: { ...configuration } },
      child,
    );
    const secret = new kubernetes.core.v1.Secret(
      `${name}-secrets`,
      { metadata, stringData: { ...secrets } },
      child,
    );
    createWorkload(
      name,
      proxy,
      {
        portName: "http",
        container: {
          image: args.login.image,
          args: Object.entries(proxyFlags(args)).map(([flag, value]) => `--${flag}=${value}`),
          env: args.redisPassword && [
            {
              name: "OAUTH2_PROXY_REDIS_PASSWORD",
              valueFrom: { secretKeyRef: { name: proxy.name, key: redisPasswordKey } },
            },
          ],
          resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        },
        probes: {
          // Ready when it reaches the sessions' Redis.
          readiness: { httpGet: { path: "/ready", port: proxy.port } },
          liveness: { httpGet: { path: "/ping", port: proxy.port } },
        },
        volumes: [
          {
            folder: files.configuration,
            volume: { name: "configuration", configMap: { name: proxy.name } },
          },
          {
            folder: files.secrets,
            volume: { name: "secrets", secret: { secretName: proxy.name } },
          },
        ],
        // It reads its files only at its start.
        annotations: checksumOf(configuration, secrets),
        strategy: "RollingUpdate",
        replicas: args.highAvailability === true ? 2 : 1,
      },
      { parent: this, dependsOn: [configMap, secret] },
    );
    this.registerOutputs({});
  }

  private configurationOf(args: ProxyArgs): Files {
    const { certificateAuthority } = args.identity;
    return {
      // JSON is YAML.
      [files.settings]: args.clientId.apply((id) =>
        JSON.stringify(proxySettings(args, id), null, 2),
      ),
      [files.cacheControl]: "no-store",
      ...(certificateAuthority !== undefined && {
        [files.certificateAuthority]: certificateAuthority,
      }),
    };
  }

  private secretsOf(name: string, args: ProxyArgs): Files {
    const { result: cookieSecret } = new random.RandomPassword(
      `${name}-cookie-secret`,
      // As many bytes as AES needs.
      { length: 32, special: false },
      { parent: this },
    );
    return {
      [files.clientSecret]: args.identity.clientSecrets.apply(({ web }) => web ?? ""),
      [files.cookieSecret]: cookieSecret,
      ...(args.redisPassword && { [redisPasswordKey]: args.redisPassword }),
    };
  }
}

const redisPasswordKey = "redis-password";
