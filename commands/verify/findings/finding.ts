/** What is in the cluster or at the tenant, and the stack does not explain. */
import type { ServiceAccountName } from "../../../components/names";
import type { ProbeRequest } from "../probes/prober";

/** Something that the stack does not explain. It holds no secret. */
export interface Finding {
  /** The object, its kind first: `Pod shop/orders-v1-6d9f`, `Client web of the tenant`. */
  readonly object: string;
  /** What it opens, and to whom; one sentence without its full stop. */
  readonly opens: string;
  /** What undoes it: a command, or a step at the tenant. */
  readonly undo: string;
  /** The request that would show it. Absent where no request can. */
  readonly attempt?: Attempt;
}

/** One request, and where it is sent from. */
export interface Attempt {
  /** `here`: where this program runs; or the name of a probe pod: `outsider`, `stranger`. */
  readonly from: string;
  /** Whose certificate it is sent with. Absent: it is the place's own. */
  readonly as?: ServiceAccountName;
  /** Whether it is sent with the token of the viewer who may do everything. Default: with what the request has. */
  readonly withToken?: boolean;
  /**
   * Addresses that should get no such request. Then it is sent several times through the sidecar of the pod `stranger`, and
   * shown is how many requests that sidecar has sent there meanwhile. The answers do not matter.
   */
  readonly takenBy?: readonly string[];
  readonly request: ProbeRequest;
}

/** A finding with what its request was answered. */
export interface ProvenFinding extends Omit<Finding, "attempt"> {
  /** The request and its answer in words: `GET http://10.0.0.7:80/ from a pod outside the mesh: 200`. */
  readonly seen?: string;
  /** Why it may be, by the stack's setting `accepted`. */
  readonly accepted?: string;
}

/** An object's name in findings. A cluster's own objects have no namespace. */
export function objectName(
  kind: string,
  metadata:
    { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined,
): string {
  const { name = "", namespace } = metadata ?? {};
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The command that removes an object. */
export function removal(
  kind: string,
  {
    name = "",
    namespace,
  }: { readonly name?: string | undefined; readonly namespace?: string | undefined },
): string {
  const place = namespace === undefined ? "" : ` -n ${namespace}`;
  return `kubectl${place} delete ${kind.toLowerCase()} ${name}`;
}

/** What makes an object of the stack's anew: an update leaves what others have added to it. */
export function madeAnew(kind: string, metadata: Parameters<typeof removal>[1]): string {
  return `${removal(kind, metadata)}, then pulumi up --refresh`;
}

/** What puts a Helm release right. Pulumi's provider compares a release's values, not what Helm made of them. */
export function releaseUndo({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace: string;
}): string {
  return `pulumi up --refresh; if it stays, helm -n ${namespace} rollback ${name} to its last revision in helm history`;
}
