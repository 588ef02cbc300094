/** What the cluster has already of what the stack makes: Istio, cert-manager and namespaces, and who made them. */
import {
  AdmissionregistrationV1Api,
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1ObjectMeta,
} from "@kubernetes/client-node";
import { releases } from "../../../components/names";
import { explained, type Plain } from "../../stack/cluster";
import { reasonOf } from "../../../lib/errors";
import { failed, notTried, ok, type Outcome } from "../check";

type Metadata = Plain<V1ObjectMeta>;

/** An object in the cluster. */
interface Present {
  readonly kind: string;
  readonly metadata: Metadata;
}

/** The stack's own Helm releases, as `NAMESPACE/NAME`. */
const ownReleases = Object.values(releases).map(({ namespace, name }) => `${namespace}/${name}`);

/**
 * Looks them up.
 * @param wanted the namespaces that the stack makes; if cert-manager's is among them, cert-manager is looked up too
 */
export async function judgePresent(
  config: KubeConfig,
  wanted: readonly string[],
): Promise<Outcome> {
  let found: readonly Present[];
  try {
    found = await explained("look for Istio", () => read(config, wanted));
  } catch (error) {
    return notTried(reasonOf(error), "Let the kubeconfig's user list what the stack makes.");
  }
  if (found.length === 0) return ok(`no Istio, and no namespace ${wanted.join(", ")}`);
  const others = found.filter((each) => !isByPulumi(each));
  if (others.length === 0)
    return ok(`${list(found)}: made by Pulumi, for this stack or for another one`);
  const spaces = others.filter(({ kind }) => kind === "Namespace");
  const ways = [
    ...(others.length > spaces.length
      ? [
          "The stack installs an Istio of its own, and does not work next to another one. Use a cluster without one, or remove that one in the way it was installed, when nothing needs it any more.",
        ]
      : []),
    ...(spaces.length > 0
      ? [
          "pulumi up would take the namespace over, and pulumi destroy would delete it with what others have in it. Leave it to them, and use another cluster.",
        ]
      : []),
  ];
  return failed(`is there already, and not the stack's: ${list(others)}`, ways.join(" "));
}

async function read(config: KubeConfig, wanted: readonly string[]): Promise<readonly Present[]> {
  const withCertManager = wanted.includes(releases.certManager.namespace);
  const webhooks = config.makeApiClient(AdmissionregistrationV1Api);
  const groups = ["istio.io", ...(withCertManager ? ["cert-manager.io"] : [])];
  const [spaces, deployments, definitions, mutating, validating] = await Promise.all([
    config.makeApiClient(CoreV1Api).listNamespace(),
    config
      .makeApiClient(AppsV1Api)
      .listDeploymentForAllNamespaces({ labelSelector: "app in (istiod, cert-manager)" }),
    config.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition(),
    webhooks.listMutatingWebhookConfiguration(),
    webhooks.listValidatingWebhookConfiguration(),
  ]);
  const isIstios = ({ metadata }: { readonly metadata?: Metadata }) =>
    ["sidecar-injector", "istiod"].includes(metadata?.labels?.app ?? "");
  const isWanted = (metadata: Metadata | undefined) =>
    metadata?.labels?.app === "istiod" || withCertManager;
  return [
    ...of("Namespace", spaces.items).filter(({ metadata }) => wanted.includes(metadata.name ?? "")),
    ...of("Deployment", deployments.items).filter(({ metadata }) => isWanted(metadata)),
    ...of(
      "CustomResourceDefinition",
      definitions.items.filter(({ spec }) =>
        groups.some((group) => spec.group === group || spec.group.endsWith(`.${group}`)),
      ),
    ),
    ...of("MutatingWebhookConfiguration", mutating.items.filter(isIstios)),
    ...of("ValidatingWebhookConfiguration", validating.items.filter(isIstios)),
  ];
}

function of(kind: string, items: readonly { readonly metadata?: Metadata }[]): readonly Present[] {
  return items.map(({ metadata = {} }) => ({ kind, metadata }));
}

/** The name of Pulumi's provider as a field manager. */
const pulumi = "pulumi-kubernetes";

/** Made by Pulumi itself, or by a Helm release that this program makes under this name. */
function isByPulumi({ metadata }: Present): boolean {
  const release = releaseOf(metadata);
  if (release !== undefined) return ownReleases.includes(release);
  const managers = managersOf(metadata);
  // Pulumi applies a namespace without fields, and then it has no field manager.
  return managers.length === 0 || managers.some((name) => name.startsWith(pulumi));
}

/** The Helm release that an object belongs to, `NAMESPACE/NAME`, from Helm's annotations. */
function releaseOf({ annotations = {} }: Metadata): string | undefined {
  const name = annotations["meta.helm.sh/release-name"];
  return name && `${annotations["meta.helm.sh/release-namespace"] ?? ""}/${name}`;
}

const managersOf = ({ managedFields = [] }: Metadata): readonly string[] =>
  managedFields.flatMap(({ manager }) => manager ?? []);

/** The objects in words: for many of one kind and maker, their number. */
function list(found: readonly Present[]): string {
  const groups = new Map<string, string[]>();
  for (const { kind, metadata } of found) {
    const key = JSON.stringify([kind, makerOf(metadata)]);
    const { namespace, name = "" } = metadata;
    const whole = namespace === undefined ? name : `${namespace}/${name}`;
    groups.set(key, [...(groups.get(key) ?? []), whole]);
  }
  return [...groups]
    .map(([key, names]) => {
      const [kind, maker] = JSON.parse(key) as [string, string];
      const said =
        names.length > 3 ? `${names.length} of the kind ${kind}` : `${kind} ${names.join(", ")}`;
      return `${said} (${maker})`;
    })
    .join("; ");
}

function makerOf(metadata: Metadata): string {
  const release = releaseOf(metadata);
  if (release !== undefined) return `Helm release ${release}`;
  const [manager = pulumi] = managersOf(metadata);
  return `by ${manager}`;
}
