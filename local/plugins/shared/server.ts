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
 * @param load the plug-in, with its API's client. The engine starts one plug-in after the other, and waits for each
 *   port: the plug-in is loaded after its port is printed, while the next one starts.
 */
export async function serve<Connection>(load: () => Promise<Plugin<Connection>>): Promise<void> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  const engine = process.ppid;
  let handlers: Promise<Handlers<Connection>> | undefined;
  const loaded = () => (handlers ??= load().then((plugin) => new Handlers(plugin)));
  server.addService(ResourceProviderService, implementationOf(loaded));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  process.stdout.write(`${port}\n`);
  endWithParent(engine, await loaded());
  // The engine kills its plug-ins, so that none would write its compiled code at its end, as Node does.
  flushCompileCache();
}

/** A killed engine cannot cancel its plug-ins: they notice that their parent process has changed. */
function endWithParent<Connection>(engine: number, handlers: Handlers<Connection>): void {
  setInterval(() => {
    if (process.ppid === engine) return;
    handlers.cancel();
    process.exit(1);
  }, orphanCheckMilliseconds).unref();
}

function implementationOf<Connection>(
  loaded: () => Promise<Handlers<Connection>>,
): grpc.UntypedServiceImplementation {
  const unary =
    <Request, Response>(
      handle: (handlers: Handlers<Connection>, request: Request) => Response | Promise<Response>,
    ): grpc.handleUnaryCall<Request, Response> =>
    (call, respond) => {
      loaded()
        .then((handlers) => handle(handlers, call.request))
        .then(
          (response) => {
            respond(null, response);
          },
          (error: unknown) => {
            respond(statusOf(error));
          },
        );
    };
  return {
    getPluginInfo: unary((handlers) => handlers.pluginInfo()),
    checkConfig: unary((handlers, request: protocol.CheckRequest) => handlers.checkConfig(request)),
    diffConfig: unary((handlers, request: protocol.DiffRequest) => handlers.diffConfig(request)),
    configure: unary((handlers, request: protocol.ConfigureRequest) => handlers.configure(request)),
    check: unary((handlers, request: protocol.CheckRequest) => handlers.check(request)),
    diff: unary((handlers, request: protocol.DiffRequest) => handlers.diff(request)),
    create: unary((handlers, request: protocol.CreateRequest) => handlers.create(request)),
    read: unary((handlers, request: protocol.ReadRequest) => handlers.read(request)),
    update: unary((handlers, request: protocol.UpdateRequest) => handlers.update(request)),
    delete: unary((handlers, request: protocol.DeleteRequest) => handlers.delete(request)),
    invoke: unary((handlers, request: protocol.InvokeRequest) => handlers.refuse(request.getTok())),
    call: unary((handlers, request: protocol.CallRequest) => handlers.refuse(request.getTok())),
    construct: unary((handlers, request: protocol.ConstructRequest) => handlers.construct(request)),
    cancel: unary((handlers) => {
      handlers.cancel();
      return new Empty();
    }),
  };
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  if (error instanceof NotReadyResponse) return initializationFailure(error);
  const details = error instanceof Error ? error.message : String(error);
  return { code: grpc.status.UNKNOWN, details };
}
