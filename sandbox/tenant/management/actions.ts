import { inexistent } from "./errors";
import { type Operation, ok, part } from "./operation";

/** Auth0's triggers at which code may change a token. */
const triggers = ["post-login", "credentials-exchange"];

/** This tenant runs no actions, and says so. */
export const actionOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/actions/triggers/:id/bindings",
    scope: "read:actions",
    run: (call) => {
      if (!triggers.includes(part(call, "id"))) throw inexistent("trigger");
      return ok({ total: 0, page: 0, per_page: 20, bindings: [] });
    },
  },
];
