import { section, text, unique } from "./schema";

const known = section({
  object: text("an object as verify names it, such as Pod shop/legacy").describe(
    "The object as `verify` names it, such as `Pod shop/legacy`.",
  ),

  reason: text("why it may be").describe("Why the team accepts it."),
});

/** Settings of `verify` for a stack. */
export const verify = section({
  accepted: unique(known, "an object that no other entry has", "object")
    .default([])
    .describe(
      "Findings in the cluster or at the tenant that the team accepts. Reports list them with their reason, and `verify` does not fail because of them.",
    ),
}).describe("What `verify` has to know about the stack.");
