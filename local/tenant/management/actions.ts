import { z } from "zod";

import { inexistent } from "./errors";
import { wholeNumber } from "./lists";
import { type Operation, ok, part } from "./operation";
import { parseQuery } from "./payload";

/** Auth0's triggers at which code may change a token or read a password. */
const triggers = ["post-login", "credentials-exchange", "password-hash-migration"];

const pageSchema = z.looseObject({
  page: wholeNumber.default(0),
  per_page: wholeNumber.default(20),
});

/** This tenant runs no actions, and says so. */
export const actionOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/actions/triggers/:id/bindings",
    query: ["page", "per_page"],
    scope: "read:actions",
    run: (call) => {
      if (!triggers.includes(part(call, "id"))) throw inexistent("trigger");
      const { page, per_page } = parseQuery(pageSchema, call.query);
      // Auth0 leaves a number that is 0 out of this answer.
      return ok({ bindings: [], per_page, ...(page > 0 && { page }) });
    },
  },
];
