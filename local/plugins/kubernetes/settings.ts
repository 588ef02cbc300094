/** The provider's own inputs. Pulumi's SDK sends each that is not a string as JSON text. */
import { z } from "zod";
import type { Properties } from "../shared/values";

/** The official plug-in's environment variable for its setting `enablePatchForce`, if that is not set. */
export const patchForceVariable = "PULUMI_K8S_ENABLE_PATCH_FORCE";

const flag = z
  .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
  .optional();

const schema = z.object({
  /** The kubeconfig's content. */
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  /** The namespace of objects that name none. */
  namespace: z.string().default("default"),
  clusterIdentifier: z.string().optional(),
  enableServerSideApply: flag,
  enablePatchForce: flag,
  enableConfigMapMutable: flag,
  enableSecretMutable: flag,
  suppressDeprecationWarnings: flag,
  suppressHelmHookWarnings: flag,
  version: z.string().optional(),
});

export interface ProviderSettings {
  kubeconfig: string;
  context: string | undefined;
  namespace: string;
  /** Whether an update takes over fields that other managers own. */
  patchForced: boolean;
  configMapsMutable: boolean;
  secretsMutable: boolean;
}

/** @throws Error that names the setting that is missing, wrong or not implemented */
export function settingsOf(config: Properties): ProviderSettings {
  const unsupported = Object.keys(config).filter((name) => !(name in schema.shape));
  if (unsupported.length > 0) {
    throw new Error(
      `the stand-in for the kubernetes plugin does not implement the provider's ${unsupported.join(", ")}; use the official plugin`,
    );
  }
  const parsed = schema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `the kubernetes provider's ${issue?.path.join(".") ?? "configuration"} is wrong: ${issue?.message ?? ""}`,
    );
  }
  const { kubeconfig, enableServerSideApply } = parsed.data;
  if (kubeconfig === undefined || kubeconfig === "") {
    throw new Error("the kubernetes provider needs a kubeconfig: the stand-in reads no files");
  }
  if (enableServerSideApply === false) {
    throw new Error(
      "the stand-in for the kubernetes plugin knows server-side apply only; use the official plugin",
    );
  }
  return {
    kubeconfig,
    context: parsed.data.context,
    namespace: parsed.data.namespace,
    patchForced: parsed.data.enablePatchForce ?? process.env[patchForceVariable] === "true",
    configMapsMutable: parsed.data.enableConfigMapMutable === true,
    secretsMutable: parsed.data.enableSecretMutable === true,
  };
}

/**
 * The provider inputs whose change means another cluster: the identifier, if there is one; otherwise the kubeconfig,
 * for any change in it.
 */
export function replacesCluster(previous: Properties, next: Properties): readonly string[] {
  const changed = (name: string) => previous[name] !== next[name];
  const identified =
    previous.clusterIdentifier !== undefined && next.clusterIdentifier !== undefined;
  const decisive = identified ? ["clusterIdentifier"] : ["kubeconfig", "context"];
  return decisive.filter(changed);
}
