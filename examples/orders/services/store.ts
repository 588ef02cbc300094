/** Keeps the orders: JSON-RPC over plain TCP, and how another service uses it. */
import { connect, createServer, type Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import {
  createMessageConnection,
  type MessageConnection,
  NotificationType,
  RequestType,
  RequestType0,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";
import { messageOf } from "../../../lib/errors";
import { placeOf } from "../../../sandbox/apps/neighbour";
import { type Listener, listenerOf } from "../../../sandbox/apps/server";
import { type Failure, failureOf, timeoutMs, usualPort } from "./failure";

/** What a client says of an order. */
export interface Content {
  readonly product: number;
  readonly customer: number;
}

export interface Order extends Content {
  readonly id: number;
  readonly state: "placed" | "cancelled";
}

/** The order to change, and what of it. */
type Changes = Pick<Order, "id"> & Partial<Order>;

/** The methods; a result of null: there is no such order. */
const list = new RequestType0<readonly Order[], void>("list");
const get = new RequestType<number, Order | null, void>("get");
const add = new RequestType<Content, Order, void>("add");
const change = new RequestType<Changes, Order | null, void>("change");
/** Answers as `list` does; each change is then told by `changed`, until the connection's end. */
const watch = new RequestType0<readonly Order[], void>("watch");
const changed = new NotificationType<Order>("changed");

/** How many orders are kept: when one more comes, the oldest is dropped, but not order 0. */
const most = 100;

/** The server. The orders are in memory; order 0 is there from the start. */
export function store(): Listener {
  const orders = new Map<number, Order>([[0, { id: 0, product: 0, customer: 0, state: "placed" }]]);
  let next = 1;
  const watchers = new Set<MessageConnection>();
  const keep = (order: Order) => {
    orders.set(order.id, order);
    for (const watcher of watchers) watcher.sendNotification(changed, order).catch(() => undefined);
    return order;
  };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const connection = speak(socket);
    socket.once("close", () => {
      open.delete(socket);
      watchers.delete(connection);
    });
    connection.onRequest(list, () => [...orders.values()]);
    connection.onRequest(get, (id) => orders.get(id) ?? null);
    connection.onRequest(add, ({ product, customer }) => {
      if (orders.size === most) orders.delete([...orders.keys()][1] ?? 0);
      return keep({ id: next++, product, customer, state: "placed" });
    });
    connection.onRequest(change, (changes) => {
      const order = orders.get(changes.id);
      return order === undefined ? null : keep({ ...order, ...changes });
    });
    connection.onRequest(watch, () => {
      watchers.add(connection);
      return [...orders.values()];
    });
    connection.listen();
  });
  return listenerOf(server, open);
}

/** The protocol on a connection, which anything that is not of it ends. */
function speak(socket: Socket): MessageConnection {
  const reader = new StreamMessageReader(socket);
  // Otherwise a message without its end keeps a timer, also after the connection's end.
  reader.partialMessageTimeout = 0;
  const connection = createMessageConnection(reader, new StreamMessageWriter(socket));
  connection.onError(() => socket.destroy());
  // Otherwise a request without an answer is in progress for ever.
  socket.once("close", () => {
    connection.dispose();
  });
  return connection;
}

function reach(): { readonly socket: Socket; readonly connection: MessageConnection } {
  const socket = connect(placeOf("store", usualPort));
  socket.setTimeout(timeoutMs, () => socket.destroy());
  const connection = speak(socket);
  connection.listen();
  return { socket, connection };
}

/** Asks the store once, on a connection of its own. */
async function ask<Result>(
  request: (connection: MessageConnection) => Promise<Result>,
): Promise<Result> {
  const { socket, connection } = reach();
  try {
    return await request(connection);
  } catch (error) {
    throw unavailable(error);
  } finally {
    socket.destroy();
  }
}

function unavailable(error: unknown): Failure {
  console.error(`cannot ask the store: ${messageOf(error)}`);
  return failureOf("store", 503);
}

/** What the store can do for another service; each method throws a Failure if the store does not answer. */
export const orderStore = {
  list: () => ask((store) => store.sendRequest(list)),
  get: (id: number) => ask((store) => store.sendRequest(get, id)),
  add: (content: Content) => ask((store) => store.sendRequest(add, content)),
  change: (changes: Changes) => ask((store) => store.sendRequest(change, changes)),

  /** All orders, and then each that changes, until the stream is destroyed. */
  async watch(write: (orders: readonly Order[]) => string): Promise<Readable> {
    const { socket, connection } = reach();
    const texts = new PassThrough({ objectMode: true });
    texts.once("close", () => socket.destroy());
    socket.once("close", () => texts.end());
    connection.onNotification(changed, (order) => {
      if (texts.writable) texts.write(write([order]));
    });
    try {
      texts.write(write(await connection.sendRequest(watch)));
    } catch (error) {
      texts.destroy();
      throw unavailable(error);
    }
    socket.setTimeout(0);
    return texts;
  },
};
