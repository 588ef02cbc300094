/** The services whose answers never change: one product, one customer, one parcel. */
import { json, type Route } from "../../../sandbox/apps/server";

const fixed = (method: Route["method"], path: RegExp, value: unknown): Route => ({
  method,
  path,
  answer: () => json(200, value),
});

const customer = { id: 0, name: "Ada" };

export const health = fixed("GET", /^\/health$/, { status: "healthy" });

export const catalogue = [
  fixed("GET", /^\/catalogue$/, { products: [{ id: 0, name: "Lamp" }] }),
] as const;

export const customers = [
  fixed("GET", /^\/customers\/0$/, customer),
  fixed("PUT", /^\/customers\/0$/, customer),
  fixed("DELETE", /^\/customers\/0$/, customer),
  fixed("GET", /^\/customers$/, [customer]),
  fixed("POST", /^\/customers$/, customer),
] as const;

export const fulfilment = [fixed("GET", /^\/fulfilment\/0$/, { id: 0, state: "packed" })] as const;
