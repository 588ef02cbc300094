import { section, text, unique } from "./schema";

const known = section({
  object: text("an object as verify names it, such as Pod bookinfo/legacy").describe(
    "The object as `verify` names it, such as `Pod bookinfo/legacy`.",
  ),

  reason: text("why it may be").describe("Why the team accepts it."),
});

/** What `verify` is told of a stack. */
export const verify = section({
  accepted: unique(known, "an object that no other entry has", "object")
    .default([])
    .describe(
      "Findings in the cluster or at the tenant that the team knows of. They are listed with their reason, and are no difference.",
    ),
}).describe("What `verify` is told of the stack.");
