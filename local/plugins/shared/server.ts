/**
 * Pulumi's provider protocol, spoken for a plug-in.
 *
 * This is not the SDK's `@pulumi/pulumi/provider`: its server never passes the provider's configuration on, so a
 * plug-in would not learn which cluster or tenant it is for, and it has no previews, no detailed diffs, no partial
 * failures and no old inputs. This file uses the SDK's protocol definitions instead.
 */
import { flushCompileCache } from "node:module";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type * as protocol from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Handlers } from "./handlers";
import type { Plugin } from "./plugin";
import { initializationFailure, NotReadyResponse } from "./responses";

/** How often the plug-in checks whether the engine that started it is still running. */
const orphanCheckMilliseconds = 1000;

/**
 * Serves the plug-in to the engine until the engine ends, on a port of 127.0.0.1 that it prints first, as the engine
 * expects.
 */
export async function serve<Connection>(plugin: Plugin<Connection>): Promise<void> {
  const handlers = new Handlers(plugin);
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  server.addService(ResourceProviderService, implementationOf(handlers));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  process.stdout.write(`${port}\n`);
  endWithParent(handlers);
  // The engine kills its plug-ins, so that none would write its compiled code at its end, as Node does.
  flushCompileCache();
}

/** A killed engine cannot cancel its plug-ins: they notice that their parent process has changed. */
function endWithParent<Connection>(handlers: Handlers<Connection>): void {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid === engine) return;
    handlers.cancel();
    process.exit(1);
  }, orphanCheckMilliseconds).unref();
}

function implementationOf<Connection>(
  handlers: Handlers<Connection>,
): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => handlers.pluginInfo()),
    checkConfig: unary((request: protocol.CheckRequest) => handlers.checkConfig(request)),
    diffConfig: unary((request: protocol.DiffRequest) => handlers.diffConfig(request)),
    configure: unary((request: protocol.ConfigureRequest) => handlers.configure(request)),
    check: unary((request: protocol.CheckRequest) => handlers.check(request)),
    diff: unary((request: protocol.DiffRequest) => handlers.diff(request)),
    create: unary((request: protocol.CreateRequest) => handlers.create(request)),
    read: unary((request: protocol.ReadRequest) => handlers.read(request)),
    update: unary((request: protocol.UpdateRequest) => handlers.update(request)),
    delete: unary((request: protocol.DeleteRequest) => handlers.delete(request)),
    invoke: unary((request: protocol.InvokeRequest) => handlers.refuse(request.getTok())),
    call: unary((request: protocol.CallRequest) => handlers.refuse(request.getTok())),
    construct: unary((request: protocol.ConstructRequest) => handlers.construct(request)),
    cancel: unary(() => {
      handlers.cancel();
      return new Empty();
    }),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, respond) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => {
          respond(null, response);
        },
        (error: unknown) => {
          respond(statusOf(error));
        },
      );
  };
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof NotReadyResponse) return initializationFailure(error);
  const details = error instanceof Error ? error.message : String(error);
  return { code: grpc.status.UNKNOWN, details };
}
