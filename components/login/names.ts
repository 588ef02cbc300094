import type { Application } from "../application";
import { isSecure } from "../gateway/host";
import { namespaces, proxyPrefix, type ServiceAccountName } from "../names";

/** A workload of the login's: its Deployment, Service and label have the name of its service account. */
export interface LoginWorkload extends ServiceAccountName {
  readonly port: number;
}

export const proxy: LoginWorkload = {
  namespace: namespaces.login,
  name: "oauth2-proxy",
  port: 4180,
};

export const redis: LoginWorkload = { namespace: namespaces.login, name: "redis", port: 6379 };

/** The name that the mesh knows a workload's Service by. */
export function hostOf({ name, namespace }: LoginWorkload): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/** Where a browser goes to sign in, in its own tab or by the button of a page that says what failed. */
export const startPaths = [`${proxyPrefix}/start`, `${proxyPrefix}/sign_in`];

/** Where the provider leads a browser back to. */
export const callbackPath = `${proxyPrefix}/callback`;

/** Every path that a browser takes to sign in. */
export const signInPaths = [...startPaths, callbackPath];

/** Where a person signs out. */
export const signOutPath = `${proxyPrefix}/sign_out`;

/** Where a browser goes to sign in, and to sign out of this stack alone. */
export const loginPaths = ({ home }: Pick<Application, "home">) =>
  ({
    gateway: { signIn: `${proxyPrefix}/start?rd=${home}`, signOut: `${signOutPath}?rd=${home}` },
    application: { signIn: "/login", signOut: "/logout" },
  }) as const;

/** What the name of the session's cookie is made of. */
export interface CookiePlace {
  readonly application: Pick<Application, "name">;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
}

/**
 * The session's cookie. With the prefix a browser takes it from this very host only, never from a neighbouring
 * one; that takes HTTPS.
 */
export function cookieName({ application: { name }, gatewayUrl }: CookiePlace): string {
  return isSecure(gatewayUrl) ? `__Host-${name}` : name;
}

/** The application's own paths for its login. */
export const applicationPaths = ["/login", "/logout", "/callback"] as const;
