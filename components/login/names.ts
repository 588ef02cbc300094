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

/** The mesh's name for a workload's Service. */
export function hostOf({ name, namespace }: LoginWorkload): string {
  return `${name}.${namespace}.svc.cluster.local`;
}

/** Where a browser goes to sign in: directly, or from the button of a page that says what failed. */
export const startPaths = [`${proxyPrefix}/start`, `${proxyPrefix}/sign_in`];

/** Where the provider sends a browser back to. */
export const callbackPath = `${proxyPrefix}/callback`;

/** Every path that a browser requests during a sign-in. */
export const signInPaths = [...startPaths, callbackPath];

/** Where a user signs out. */
export const signOutPath = `${proxyPrefix}/sign_out`;

/** Where a browser goes to sign in, and to sign out of this stack only. */
export const loginPaths = ({ home }: Pick<Application, "home">) =>
  ({
    gateway: { signIn: `${proxyPrefix}/start?rd=${home}`, signOut: `${signOutPath}?rd=${home}` },
    application: { signIn: "/login", signOut: "/logout" },
  }) as const;

/** What the name of the session's cookie depends on. */
export interface CookiePlace {
  readonly application: Pick<Application, "name">;
  /** The gateway's URL as browsers see it. */
  readonly gatewayUrl: string;
}

/**
 * The session's cookie. With this prefix a browser accepts it only from this very host, never from a neighbouring one;
 * that needs HTTPS.
 */
export function cookieName({ application: { name }, gatewayUrl }: CookiePlace): string {
  return isSecure(gatewayUrl) ? `__Host-${name}` : name;
}

/** The application's own paths for its login. */
export const applicationPaths = ["/login", "/logout", "/callback"] as const;
