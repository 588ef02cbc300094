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

/** What the program needs to know about a kubeconfig; the rest is for the Kubernetes provider. */
export type Kubeconfig = z.output<typeof kubeconfigSchema>;

/**
 * Reads a kubeconfig's content.
 *
 * @returns undefined where the content is not a kubeconfig. The reason is left out on purpose: a
 *   parser's message quotes the text, which holds credentials.
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
 * @returns undefined where there is no such context, or its cluster is missing
 */
export function serverOf(kubeconfig: Kubeconfig, context?: string): string | undefined {
  const wanted = context ?? kubeconfig["current-context"];
  const cluster = kubeconfig.contexts.find(({ name }) => name === wanted)?.context.cluster;
  return kubeconfig.clusters.find(({ name }) => name === cluster)?.cluster.server;
}
