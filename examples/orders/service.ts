/** The services in one program, by the environment's SERVICE. They hand the caller's token on, and decide nothing. */
import { httpListener, type Listener, run } from "../../sandbox/apps/server";
import { catalogue, customers, fulfilment, health } from "./services/samples";

/** Each is loaded with its own libraries alone: most need none. */
const services: Readonly<Record<string, () => Listener | Promise<Listener>>> = {
  catalogue: () => httpListener([health, ...catalogue]),
  customers: () => httpListener([health, ...customers]),
  fulfilment: () => httpListener([health, ...fulfilment]),
  orders: async () => httpListener([health, ...(await import("./services/orders.js")).orders]),
  inventory: async () => (await import("./services/inventory.js")).inventory(),
  store: async () => (await import("./services/store.js")).store(),
};

async function main(): Promise<void> {
  const { SERVICE: name = "" } = process.env;
  const service = services[name];
  if (service === undefined) {
    console.error(`error: SERVICE is "${name}"; give one of ${Object.keys(services).join(", ")}`);
    process.exitCode = 1;
  } else run(name, await service());
}

void main();
