import { parse } from "yaml";
import { z } from "zod";

const kubeconfigSchema = z.object({
  "current-context": z.string().optional(),
  clusters: z.array(
    z.object({ name: z.string(), cluster: z.object({ server: z.string().min(1) }) }),
  ),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })),
  users: z.array(z.object({ name: z.string() })),
});

/** What the program needs to know about a kubeconfig; the Kubernetes provider reads the rest. */
export type Kubeconfig = z.output<typeof kubeconfigSchema>;

/**
 * Reads a kubeconfig's content.
 *
 * @returns undefined if the content is not a kubeconfig. The reason is left out on purpose: a parser's message quotes
 *   the text, which has credentials in it
 */
export function parseKubeconfig(content: string): Kubeconfig | undefined {
  let document: unknown;
  try {
    document = parse(content);
  } catch {
    return undefined;
  }
  return kubeconfigSchema.safeParse(document).data;
}

/**
 * The API server's address in a kubeconfig.
 *
 * @param context the context to use; default: the kubeconfig's current one
 * @returns undefined if there is no such context, or no cluster for it
 */
export function serverOf(kubeconfig: Kubeconfig, context?: string): string | undefined {
  const wanted = context ?? kubeconfig["current-context"];
  const cluster = kubeconfig.contexts.find(({ name }) => name === wanted)?.context.cluster;
  return kubeconfig.clusters.find(({ name }) => name === cluster)?.cluster.server;
}

/** The parts of a kubeconfig of one cluster and one user. */
export interface KubeconfigParts {
  /** The name of the cluster, the user and the context. */
  readonly name: string;
  /** The API server's address. */
  readonly server: string;
  /** The certificate of the authority that signed the API server's: PEM, in base64. */
  readonly certificateAuthority: string;
  /** The user's bearer token. */
  readonly token: string;
}

/** A kubeconfig's content: the same text for the same parts, so that it does not differ from run to run. */
export function kubeconfigOf({
  name,
  server,
  certificateAuthority,
  token,
}: KubeconfigParts): string {
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": certificateAuthority } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user: { token } }],
  });
}
