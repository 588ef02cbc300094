import type { Account } from "oidc-provider";

import type { State, User } from "../state";

/** The claims for each scope, as in Auth0. */
export const claimsByScope = {
  openid: ["sub"],
  profile: ["name", "given_name", "family_name", "nickname", "picture", "updated_at"],
  email: ["email", "email_verified"],
};

/** The user's claims; oidc-provider selects those of the requested scopes. */
export function claimsOf(user: User): { sub: string } & Record<string, unknown> {
  const { name, given_name, family_name, nickname, picture, updated_at } = user;
  const { email, email_verified } = user;
  return {
    sub: user.user_id,
    ...{ name, given_name, family_name, nickname, picture, updated_at },
    ...{ email, email_verified },
  };
}

/** The account of a user who exists and is not blocked. */
export function findAccount(state: State, id: string): Account | undefined {
  const user = state.users.find(({ user_id }) => user_id === id);
  if (user === undefined || user.blocked === true) return undefined;
  return { accountId: id, claims: () => claimsOf(user) };
}
