/** The services in one program, by the environment's SERVICE. They hand the caller's token on, and decide nothing. */
import { httpListener, type Listener, run } from "../../sandbox/apps/server";
import { inventory } from "./services/inventory";
import { orders } from "./services/orders";
import { catalogue, customers, fulfilment, health } from "./services/samples";
import { store } from "./services/store";

const services: Readonly<Record<string, () => Listener>> = {
  catalogue: () => httpListener([health, ...catalogue]),
  customers: () => httpListener([health, ...customers]),
  fulfilment: () => httpListener([health, ...fulfilment]),
  orders: () => httpListener([health, ...orders]),
  inventory,
  store,
};

const { SERVICE: name = "" } = process.env;
const service = services[name];
if (service === undefined) {
  console.error(`error: SERVICE is "${name}"; give one of ${Object.keys(services).join(", ")}`);
  process.exitCode = 1;
} else run(name, service());
