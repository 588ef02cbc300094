import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { parseKubeconfig, serverOf } from "../../cluster/kubeconfig";
import { section, text } from "../schema";

const kubeconfigShape = "YAML with clusters, contexts and users";

const kubeconfigContent = z
  .string({ error: `a kubeconfig's content: ${kubeconfigShape}` })
  .refine((content) => parseKubeconfig(content) !== undefined, {
    error: `a kubeconfig's content: ${kubeconfigShape}`,
  });

/** Reads the file, so that a wrong path is reported together with all other problems. */
const kubeconfigFile = text("the path of a kubeconfig file").transform((path, context) => {
  try {
    const content = readFileSync(path.replace(/^~(?=\/)/, homedir()), "utf8");
    if (parseKubeconfig(content) !== undefined) return content;
    context.addIssue(`the path of a kubeconfig file: ${kubeconfigShape}`);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    context.addIssue(`the path of a file that can be read (${reason})`);
  }
  return z.NEVER;
});

export const existingCluster = section({
  kind: z.literal("existing"),

  kubeconfig: kubeconfigContent.optional().meta({
    description: "The content of a kubeconfig. Either this or `kubeconfigPath`.",
    unset: "the file at `kubeconfigPath`",
  }),
  kubeconfigPath: kubeconfigFile.optional().meta({
    description:
      "The path of a kubeconfig file on the machine that runs Pulumi. Either this or `kubeconfig`.",
    unset: "the content in `kubeconfig`",
  }),

  context: text("the name of one of the kubeconfig's contexts").optional().meta({
    description: "The kubeconfig's context. One of another API server replaces the whole stack.",
    unset: "the kubeconfig's current one",
  }),
})
  .transform(({ kind, kubeconfig, kubeconfigPath, context }, problems) => {
    const content = kubeconfig ?? kubeconfigPath;
    if (content === undefined || (kubeconfig !== undefined && kubeconfigPath !== undefined)) {
      problems.addIssue("exactly one of kubeconfig (its content) and kubeconfigPath (a file)");
      return z.NEVER;
    }
    const parsed = parseKubeconfig(content);
    const server = parsed && serverOf(parsed, context);
    if (server === undefined) {
      const expected = "one of the kubeconfig's contexts; default: the kubeconfig's current one";
      problems.addIssue({ code: "custom", path: ["context"], input: context, message: expected });
      return z.NEVER;
    }
    return { kind, kubeconfig: pulumi.secret(content), context, server };
  })
  .describe(
    "A cluster that exists already. The stack makes only its own namespaces, the objects in them, and Istio.",
  );
