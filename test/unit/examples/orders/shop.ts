/** Starts the example's services from the very file that their image holds, and gives them a stand-in of the inventory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import {
  Client,
  credentials,
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { fromJSON, type ServiceDefinition } from "@grpc/proto-loader";
import { parse } from "protobufjs";
import { buildPrograms } from "../../../../sandbox/images/applications";
import {
  behind,
  runProgramToEnd,
  startProgram,
  writePrograms,
  type Service,
} from "../../sandbox/apps/programs";

const source = join(__dirname, "../../../../examples/orders");

const folder = writePrograms(buildPrograms([join(source, "service.ts")]));
const program = async () => join(await folder, "service.js");

export async function start(
  service: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  return startProgram(program(), { SERVICE: service, ...environment });
}

export async function runToEnd(
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; complaint: string }> {
  return runProgramToEnd(await program(), environment);
}

/** The store, the inventory and orders, which finds both. */
export async function startShop(): Promise<
  Readonly<Record<"store" | "inventory" | "orders", Service>>
> {
  const [store, inventory] = await Promise.all([start("store"), start("inventory")]);
  const places = behind({ store: store.port, inventory: inventory.port });
  return { store, inventory, orders: await start("orders", places) };
}

/** What one of the example's files says of its service. */
export function serviceOf(file: string, name: string): ServiceDefinition {
  const { root } = parse(readFileSync(join(source, "services", file), "utf8"));
  const options = { defaults: true, enums: String };
  return fromJSON(root.toJSON(), options)[name] as ServiceDefinition;
}

/** Calls a method by its path with an empty message, or a given one, for the answer. */
export async function call(
  { port }: Pick<Service, "port">,
  definition: ServiceDefinition,
  name: string,
  metadata: Metadata,
  message: object = {},
): Promise<object> {
  const method = definition[name];
  if (method === undefined) throw new Error(`there is no method ${name}`);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method;
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        message,
        metadata,
        (error, answer) => {
          if (answer) resolve(answer);
          else reject(error ?? new Error("there is no answer"));
        },
      );
    });
  } finally {
    client.close();
  }
}

/** An inventory that answers each reservation by `respond`. */
export async function inventory(
  respond: (call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => void,
): Promise<Pick<Service, "port">> {
  const server = new Server();
  after(() => {
    server.forceShutdown();
  });
  server.addService(serviceOf("inventory.proto", "shop.Inventory"), { Reserve: respond });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { port };
}
