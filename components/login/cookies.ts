/** What routes check in a request's cookies, in the way in which the proxy would read them. */
import { type CookiePlace, cookieName } from "./names";

/**
 * A Cookie header that contains a cookie of this name. Go's parser separates cookies by `;` and trims blanks and tabs;
 * Envoy joins several Cookie headers by commas. Here a comma within another cookie's value counts as the end of a
 * header, so this may find a cookie that the proxy does not read, but never misses one that it reads.
 */
const holding = (name: string) => ({
  cookie: { regex: `(.*[;,])?[ \\t]*${name}[ \\t]*([=;,].*)?` },
});

/** A request with the session's cookie, or with a part of it: `NAME`, `NAME_0`, `NAME_1` and so on. */
export const ofSession = (place: CookiePlace) => holding(`${cookieName(place)}(_[0-9]+)?`);

/** A request with the cookie of a sign-in that was begun: `NAME_STATE_csrf`. */
export const ofSignIn = (place: CookiePlace) => holding(`${cookieName(place)}_[^=;,]*_csrf`);

/**
 * Any Cookie header that a regular expression of Envoy's can read. Without this condition, one byte in any cookie that
 * is not UTF-8 would hide all the others.
 */
export const readable = { cookie: { regex: ".*" } };
