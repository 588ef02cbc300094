import { section, text, unique } from "./schema";

const known = section({
  /** The object as `verify` names it, such as "Pod bookinfo/legacy". */
  object: text("an object as verify names it, such as Pod bookinfo/legacy"),
  /** Why it may be. */
  reason: text("why it may be"),
});

/** What `verify` is told of a stack. */
export const verify = section({
  /** Findings that the team knows of. They are listed with their reason, and are no difference. Default: none. */
  accepted: unique(known, "an object that no other entry has", "object").default([]),
});
