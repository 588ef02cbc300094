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

const parent = process.ppid;

/** How often a plug-in checks whether the process that started it is still running. */
const orphanCheckMilliseconds = 1000;

/** Loads a plug-in, with what it needs. */
export type Load<Connection> = () => Promise<Plugin<Connection>>;

/**
 * Serves the plug-in to the engine that has started it, until the engine ends, on a port that it prints first, as the
 * engine expects.
 * @param load the engine starts one plug-in after the other, and waits for each port: the plug-in is loaded after its
 *   port is printed, while the next one starts
 */
export async function serve<Connection>(load: Load<Connection>): Promise<void> {
  const served = await listen(load);
  process.stdout.write(`${served.port}\n`);
  await keep([served]);
}

/**
 * Serves several plug-ins to engines that attach to them, until the process ends that has started this one. It prints
 * their ports first: `auth0:40001,random:40002`.
 * @param plugins each by its package
 */
export async function serveAttached(
  plugins: Readonly<Record<string, Load<unknown>>>,
): Promise<void> {
  const served = await Promise.all(
    Object.entries(plugins).map(async ([name, load]) => ({ name, ...(await listen(load)) })),
  );
  process.stdout.write(`${served.map(({ name, port }) => `${name}:${port}`).join(",")}\n`);
  await keep(served);
}

interface Served {
  /** Of 127.0.0.1. */
  readonly port: number;
  readonly load: () => Promise<unknown>;
  /** Ends every operation that is in progress. */
  readonly cancel: () => void;
}

async function listen<Connection>(load: Load<Connection>): Promise<Served> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
  let plugin: Promise<Plugin<Connection>> | undefined;
  const loaded = () => (plugin ??= load());
  const handlers = new Map<string, Handlers<Connection>>();
  // The engine has a connection for each provider of the program, which has a configuration of its own.
  const handlersFor = async (client: string) => {
    const ready = await loaded();
    const own = handlers.get(client) ?? new Handlers(ready);
    handlers.set(client, own);
    return own;
  };
  server.addService(ResourceProviderService, implementationOf(handlersFor));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const cancel = () => {
    for (const each of handlers.values()) each.cancel();
  };
  return { port, load: loaded, cancel };
}

/** Loads the plug-ins, and ends with the process that has started this one: where it was killed it cannot cancel them. */
async function keep(served: readonly Served[]): Promise<void> {
  setInterval(() => {
    if (process.ppid === parent) return;
    for (const { cancel } of served) cancel();
    process.exit(1);
  }, orphanCheckMilliseconds).unref();
  await Promise.all(served.map(({ load }) => load()));
  // They are killed, so that none would write its compiled code at its end, as Node does.
  flushCompileCache();
}

function implementationOf<Connection>(
  handlersFor: (client: string) => Promise<Handlers<Connection>>,
): grpc.UntypedServiceImplementation {
  const unary =
    <Request, Response>(
      handle: (handlers: Handlers<Connection>, request: Request) => Response | Promise<Response>,
    ): grpc.handleUnaryCall<Request, Response> =>
    (call, respond) => {
      handlersFor(call.getPeer())
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
    // Of an engine that has not started the plug-in: nothing of it is needed.
    attach: unary(() => new Empty()),
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
