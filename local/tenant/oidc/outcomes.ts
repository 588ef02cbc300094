import type { ErrorOut, errors, KoaContextWithOIDC } from "oidc-provider";

import { Html, html, showMessage, showPage } from "./pages";

interface Outcome {
  readonly status: number;
  readonly error: string;
  readonly description: string;
}

/** Auth0's answers at the token endpoint that differ from oidc-provider's. */
const tokenErrors: Readonly<Record<string, Outcome>> = {
  invalid_client: { status: 401, error: "access_denied", description: "Unauthorized" },
  invalid_grant: {
    status: 403,
    error: "invalid_grant",
    description: "Invalid authorization code or refresh token",
  },
};

/** Answers the token endpoint's errors with Auth0's messages and statuses. */
export function answerTokenError(
  ctx: KoaContextWithOIDC,
  { error, error_description }: errors.OIDCProviderError,
): void {
  const outcome =
    error_description === "requested grant type is not allowed for this client"
      ? grantTypeNotAllowed(ctx)
      : tokenErrors[error];
  if (outcome === undefined) return;
  ctx.body = { error: outcome.error, error_description: outcome.description };
  ctx.status = outcome.status;
}

function grantTypeNotAllowed({ oidc }: KoaContextWithOIDC): Outcome {
  return {
    status: 403,
    error: "unauthorized_client",
    description: `Grant type '${String(oidc.params?.grant_type)}' not allowed for the client.`,
  };
}

/** The message of Auth0's error page if the error cannot be sent to a trusted callback. */
const pageErrors: Readonly<Record<string, Outcome>> = {
  invalid_redirect_uri: {
    status: 403,
    error: "Callback URL mismatch",
    description: "The provided redirect_uri is not in the list of allowed callback URLs.",
  },
  invalid_client: {
    status: 403,
    error: "Unknown client",
    description: "There is no application with this client_id.",
  },
};

/** Shows an error that cannot be sent to the application. */
export function showProtocolError(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  const outcome = pageErrors[out.error];
  if (outcome !== undefined) ctx.status = outcome.status;
  showMessage(
    ctx,
    outcome?.error ?? "This did not work",
    outcome?.description ?? `${out.error}: ${out.error_description ?? "no more is known"}`,
  );
}

/** Signs the user out; at once if the application identifies the user by the ID token. */
export function showLogout(ctx: KoaContextWithOIDC, form: string): void {
  const hint: unknown = ctx.oidc.entities.IdTokenHint?.payload.sub;
  showPage(ctx, {
    title: "Sign out",
    submits: hint !== undefined && hint === ctx.oidc.session?.accountId,
    body: html`${new Html(form)}
      <input type="hidden" form="op.logoutForm" name="logout" value="yes" />
      <button type="submit" form="op.logoutForm">Sign out</button>`,
  });
}
