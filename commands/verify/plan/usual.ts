/** The requests of the table that show that a service answers, as targets. */
import { operationNamed } from "../../../components/access/operations";
import { proofOf, withoutQuery } from "../../../components/access/proof";
import { gateway, type Protocol } from "../../../components/access/rows";
import { type Application, type GatewayRequest, serviceOf } from "../../../components/application";
import { plainStatus } from "../probes/grpc-answers";
import { mayCall, type Way } from "./expectations";
import type { Target } from "./target";

/** A request without where it is sent. */
export type Usual = Pick<Target, "protocol" | "headers" | "payload" | "answers"> & {
  readonly method: string;
  /** As it is sent, with its query. */
  readonly path: string;
};

/** What a service or request of the table says of it; undefined where it says nothing. */
export function usualOf(
  proven: Parameters<typeof proofOf>[0],
  protocol: Protocol | undefined,
): Usual | undefined {
  const proof = proofOf(proven, protocol);
  if (proof === undefined) return undefined;
  const { method, sent: path, headers, body, answers } = proof;
  const [first = 200, ...others] = answers.map(plainStatus);
  const isPlain = first === 200 && others.length === 0;
  return {
    ...(protocol !== undefined && { protocol }),
    method,
    path,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(body !== undefined && { payload: body }),
    ...(!isPlain && { answers: [first, ...others] }),
  };
}

/** What one of the table's `requests` asks the gateway for. */
export function askedOf(application: Application, request: GatewayRequest): Usual {
  const [first] = request.through;
  const usual = usualOf(request, serviceOf(application, first).protocol);
  // The table's check refuses it.
  if (usual === undefined) throw new Error(`${request.name} has neither a path nor a proof`);
  return usual;
}

/** Its way, with what is known of how the first service passes on a refusal. */
export function wayOf(application: Application, request: GatewayRequest): Way {
  const { name, through, asks } = request;
  const { onRefusal = serviceOf(application, through[0]).onRefusal } = request;
  if (through.length === 1) return { caller: gateway, through };
  return {
    caller: gateway,
    through,
    entry: name,
    ...(onRefusal !== undefined && { onRefusal }),
    ...(asks !== undefined && { asks: operationsIn(asks) }),
  };
}

const operationsIn = (asks: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(asks).map(([service, name]) => [service, operationNamed(withoutQuery(name))]),
  );

/** The requests that need no token all the way, or else the first: what it is answered is the control of others. */
export function frontOf(application: Application): GatewayRequest {
  const { requests } = application;
  const needsNone = (request: GatewayRequest) =>
    request.through.every((service, hop) => {
      const caller = request.through[hop - 1] ?? gateway;
      const { method, path } = askedOf(application, request);
      const asks =
        hop === 0
          ? { method, path: withoutQuery(path) }
          : wayOf(application, request).asks?.[service];
      return mayCall(application, caller, service, { kind: "none" }, asks);
    });
  return requests.find(needsNone) ?? requests[0];
}

/** The request that asks the most services. */
export function deepestOf({ requests }: Application): GatewayRequest {
  const most = Math.max(...requests.map(({ through }) => through.length));
  return requests.find(({ through }) => through.length === most) ?? requests[0];
}
