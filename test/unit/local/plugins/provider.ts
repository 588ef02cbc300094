/** Pulumi's provider protocol, as an engine speaks it to a plug-in that listens. */
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";

/** A connection of its own to the plug-in at a port of 127.0.0.1; gRPC would share one. */
export const connectTo = (port: string): ResourceProviderClient =>
  new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });

/** The answer to a request. */
export async function answer<Response>(
  ask: (respond: (error: grpc.ServiceError | null, response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    ask((error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}
