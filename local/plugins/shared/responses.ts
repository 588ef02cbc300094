/** The protocol's messages, converted from and to plain values. */
import * as grpc from "@grpc/grpc-js";
import * as protocol from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Change, Difference } from "./difference";
import { asProperties, decode, encode, type Properties, type Secrecy } from "./values";

/** Properties as they were received, with their secrets. */
export interface DecodedProperties {
  value: Properties;
  secrecy: Secrecy;
}

/** The properties of a message's field; none if the field is not set. */
export function propertiesOf(struct: Struct | undefined): DecodedProperties {
  const { value, secrecy } = decode(struct?.toJavaScript() ?? {});
  return { value: asProperties(value), secrecy };
}

/** The properties as a message's field, with secrets marked. */
export function structOf(
  properties: Properties,
  secrecy: Secrecy,
  secretTexts: readonly string[],
): Struct {
  // Property by property: the properties as a whole cannot be one secret.
  const marked = Object.entries(properties).map(([name, value]): [string, JavaScriptValue] => [
    name,
    encode(value, secrecy === true ? true : secrecy?.[name], secretTexts) as JavaScriptValue,
  ]);
  return Struct.fromJavaScript(Object.fromEntries(marked));
}

const { Kind } = protocol.PropertyDiff;
const kinds = { add: Kind.ADD, delete: Kind.DELETE, update: Kind.UPDATE } as const;
const replacingKinds = {
  add: Kind.ADD_REPLACE,
  delete: Kind.DELETE_REPLACE,
  update: Kind.UPDATE_REPLACE,
} as const;

/** The answer to a Diff request. */
export function diffResponse(difference: Difference): protocol.DiffResponse {
  const { changes, replaces, deleteBeforeReplace } = difference;
  const { DIFF_NONE, DIFF_SOME } = protocol.DiffResponse.DiffChanges;
  const response = new protocol.DiffResponse();
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setReplacesList([...new Set(replaces.map(firstProperty))]);
  response.setDiffsList([...new Set(changes.map(({ path }) => firstProperty(path)))]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const change of changes) {
    response.getDetaileddiffMap().set(change.path, propertyDiff(change, replaces));
  }
  return response;
}

function firstProperty(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

function propertyDiff({ path, kind }: Change, replaces: readonly string[]): protocol.PropertyDiff {
  const diff = new protocol.PropertyDiff();
  diff.setKind(replaces.includes(path) ? replacingKinds[kind] : kinds[kind]);
  diff.setInputdiff(true);
  return diff;
}

/** A resource that exists but did not become ready, as it is sent to the engine. */
export class NotReadyResponse extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: Struct,
    readonly inputs: Struct,
    readonly reasons: readonly string[],
  ) {
    super(message);
    this.name = "NotReadyResponse";
  }
}

/** The gRPC status that makes the engine keep the resource in its state and try again next time. */
export function initializationFailure(failure: NotReadyResponse): Partial<grpc.StatusObject> {
  const detail = new protocol.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(failure.properties);
  detail.setInputs(failure.inputs);
  detail.setReasonsList([...failure.reasons]);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(failure.message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: failure.message, metadata };
}
