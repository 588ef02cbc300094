import { section, text, unique } from "./schema";

/** Findings of `verify` that the team knows, and why each may be. */
export const accepted = unique(
  section({
    /** The object as `verify` names it, such as "Pod bookinfo/legacy". */
    object: text("an object as verify names it"),
    /** Why it may be. */
    reason: text("why it may be"),
  }),
  "an object that no other entry has",
  "object",
).default([]);
