/** Reserves products, by gRPC: the server, and how another service calls it. */
import { Client, credentials, Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { handleUnaryCall, ServiceError } from "@grpc/grpc-js";
import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";
import { parse } from "protobufjs";
import { placeOf } from "../../../sandbox/apps/neighbour";
import { type Listener, record } from "../../../sandbox/apps/server";
import { Failure, failureOf, timeoutMs, usualPort } from "./failure";
import healthText from "./health.proto";
import inventoryText from "./inventory.proto";

/** What a call is about; an empty message is about product 0. */
interface Product {
  readonly id: number;
}

/** What a file says of its service. */
function serviceOf(text: string, name: string): ServiceDefinition {
  const definitions = fromJSON(parse(text).root.toJSON(), { defaults: true, enums: String });
  return definitions[name] as ServiceDefinition;
}

const definition = serviceOf(inventoryText, "shop.Inventory");

/** The server. What is reserved is in memory. */
export function inventory(): Listener {
  /** How many pieces of each product that there is. */
  const reserved = new Map([[0, 0]]);
  const level = (product: number, more: number) => {
    const before = reserved.get(product);
    if (before === undefined) return undefined;
    reserved.set(product, before + more);
    return { product, reserved: before + more };
  };
  const server = new Server();
  server.addService(serviceOf(healthText, "grpc.health.v1.Health"), {
    Check: unary(() => ({ status: "SERVING" })),
  });
  server.addService(definition, {
    Reserve: unary(({ id }: Product) => level(id, 1)),
    Stock: unary(({ id }: Product) => level(id, 0)),
  });
  const bind = (address: string, port: number) =>
    new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.bindAsync(`${address}:${port}`, insecure, (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
  return {
    // Every address: without IPv6 those of IPv4, as Node's own servers do.
    listen: (port, address) =>
      address === undefined
        ? bind("[::]", port).catch(() => bind("0.0.0.0", port))
        : bind(address, port),
    end: () => {
      server.tryShutdown(() => undefined);
    },
  };
}

/** Answers a call, and logs it as the request of HTTP that it is: of status 200, as gRPC's own comes after the answer. */
function unary<Asked, Answered>(
  answer: (request: Asked) => Answered | undefined,
): handleUnaryCall<Asked, Answered> {
  return (call, callback) => {
    record("POST", call.getPath(), 200, call.metadata.get("x-verify-request")[0]);
    const answered = answer(call.request);
    if (answered === undefined)
      callback({ code: status.NOT_FOUND, details: "There is no such product" });
    else callback(null, answered);
  };
}

/** The refusals, as statuses of HTTP. */
const refusals: Readonly<Partial<Record<status, number>>> = {
  [status.UNAUTHENTICATED]: 401,
  [status.PERMISSION_DENIED]: 403,
};

/** Connects when it is first used, and again after an outage. */
let client: Client | undefined;

/**
 * Reserves one piece of a product.
 * @param authorization the header of the caller, which is handed on
 * @throws Failure
 */
export async function reserve(id: number, authorization: string | undefined): Promise<void> {
  const { host, port } = placeOf("inventory", usualPort);
  const { Reserve: method } = definition;
  if (method === undefined) throw new Error("inventory.proto has no method Reserve");
  client ??= new Client(`${host}:${port}`, credentials.createInsecure(), {
    // The library's own is two minutes.
    "grpc.max_reconnect_backoff_ms": 1_000,
  });
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set("authorization", authorization);
  const failure = await new Promise<ServiceError | null>((resolve) => {
    client?.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { id },
      metadata,
      { deadline: Date.now() + timeoutMs },
      resolve,
    );
  });
  if (failure === null) return;
  if (failure.code === status.NOT_FOUND) throw new Failure(422, failure.details);
  console.error(`cannot reserve: ${failure.message}`);
  throw failureOf("inventory", refusals[failure.code] ?? 503);
}
