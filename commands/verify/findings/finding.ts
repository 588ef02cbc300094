/** What the cluster or the tenant has and the stack does not explain. */
import type { ServiceAccountName } from "../../../components/names";
import { refreshCommand } from "../../stack/last-update";
import type { ProbeRequest } from "../probes/observed";

/** Something that the stack does not explain. It contains no secret. */
export interface Finding {
  /** The object, its kind first: `Pod shop/orders-v1-6d9f`, `Client web of the tenant`. */
  readonly object: string;
  /** What it opens, and for whom; one sentence without its full stop. */
  readonly opens: string;
  /** What undoes it: a command, or a step at the tenant. */
  readonly undo: string;
  /** The request that would show it. Absent if no request can. */
  readonly attempt?: Attempt;
}

/** One request, and where it is sent from. */
export interface Attempt {
  /** `here`: where this program runs; or the name of a probe pod: `outsider`, `stranger`. */
  readonly from: string;
  /** The service account whose certificate it is sent with. Absent: the place's own. */
  readonly as?: ServiceAccountName;
  /** Whether it is sent with the token of the viewer with every permission. Default: with the request's own headers. */
  readonly withToken?: boolean;
  /**
   * Addresses that should get no such request. The request is then sent several times through the sidecar of the pod
   * `stranger`, and the finding shows how many requests that sidecar has sent to them. The answers are not read.
   */
  readonly takenBy?: readonly string[];
  readonly request: ProbeRequest;
}

/** A finding with the answer to its request. */
export interface ProvenFinding extends Omit<Finding, "attempt"> {
  /** The request and its answer in words: `GET http://10.0.0.7:80/ from a pod outside the mesh: 200`. */
  readonly seen?: string;
  /** Why the team accepts it, from the stack's setting `accepted`. */
  readonly accepted?: string;
}

/**
 * The command that repairs a Helm release. Pulumi's provider compares a release's values, not the objects that Helm
 * made of them.
 */
export function releaseUndo({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace: string;
}): string {
  return `${refreshCommand}; if it stays, helm -n ${namespace} rollback ${name} to its last revision in helm history`;
}
