import { z } from "zod";
import { secondsOf } from "../chart-values";
import { type OAuth2Proxy, oauth2Proxies } from "../oauth2-proxy";
import { entries, show } from "../reading";
import { unknown } from "../resource";
import { type Finding, stackRule } from "../rule";
import { type Issuer, issuerSettings } from "../table";
import { originOf, wrongWith } from "../web-address";
import { oauth2ProxyFlags, oauth2ProxySettings } from "../weakening/oauth2-proxy";
import { type Given, judgeSettings, type Judgments } from "../weakening/setting";
import { settingsIn } from "../weakening/tree";

const settings = z.object({
  issuers: z
    .array(issuerSettings)
    .default([])
    .describe("Whose users sign in. Default: those of any https issuer"),
  gatewayUrl: z
    .string()
    .optional()
    .describe("The gateway's URL as browsers see it. Default: any https address"),
  allowLocalhost: z
    .boolean()
    .default(false)
    .describe("Whether the proxy may be on the user's own machine, without encryption"),
  skipAuthRoutes: z
    .array(z.string())
    .optional()
    .describe("The routes that need no session. Default: any that are anchored and not all"),
  redirectHosts: z
    .array(z.string())
    .optional()
    .describe("The hosts that a browser may be sent on to. Default: any in full"),
  cookieDomains: z
    .array(z.string())
    .default([])
    .describe("The domains whose every host gets the session's cookie"),
  responseHeaders: z
    .array(z.string())
    .default(["authorization", "cache-control"])
    .describe("The headers that answers to the mesh have, in lower case"),
  maximumSession: z.number().default(168).describe("How long a session lasts at most, in hours"),
  allowUnknownSettings: z
    .boolean()
    .default(false)
    .describe("Whether a first preview may not know the settings file: the update judges it then"),
  allowedSettings: z
    .array(z.string())
    .default([])
    .describe("Flags and settings that may be what they are, by their names in WEAKENINGS.md"),
});

type Settings = z.infer<typeof settings>;

/** https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview */
export const oauth2Proxy = stackRule({
  name: "oauth2-proxy",
  description: "OAuth2-Proxy signs people in safely, exempts nothing else, and keeps its cookies.",
  severity: "critical",
  remediation:
    "Give OAuth2-Proxy only the flags that WEAKENINGS.md lists as safe: PKCE, the nonce, HttpOnly and SameSite cookies, no skipped routes, and addresses of the gateway.",
  settings,
  judgeAll(resources, settings) {
    return oauth2Proxies(resources).flatMap((proxy) =>
      judgeProxy(proxy, settings).map((finding) => ({ ...finding, resource: proxy.resource })),
    );
  },
});

/** What is set in the settings file if there is one: the proxy then refuses these flags. */
const inFile = ["code-challenge-method", "insecure-oidc-skip-nonce"];

function judgeProxy(proxy: OAuth2Proxy, settings: Settings): Finding[] {
  const { flags, title, unread } = proxy;
  const { allowedSettings } = settings;
  const isFile = proxy.settings !== undefined;
  return [
    ...unread.map((name) => ({
      where: `${name} in ${title}`,
      found: "has settings that no rule reads",
      write: "them in the program, as flags",
    })),
    ...judgeSettings({
      subject: oauth2ProxyFlags,
      given: flags,
      where: (name) => `--${name} in ${title}`,
      judgments: flagJudgments(flags, proxy, settings),
      allowed: [...allowedSettings, ...(isFile ? inFile : [])],
    }),
    ...(isFile ? judgeFile(proxy, settings) : []),
  ];
}

function judgeFile({ settings: content, title }: OAuth2Proxy, settings: Settings): Finding[] {
  const { allowedSettings: allowed, allowUnknownSettings } = settings;
  const where = (name: string) => `${name} in the settings file of ${title}`;
  if (content === unknown)
    return allowUnknownSettings
      ? []
      : [{ where: `the settings file of ${title}`, is: content, write: "a known one" }];
  // A provider's setting has to be there once for each provider: the proxy has one.
  const given = settingsIn(content);
  const judgments = fileJudgments(settings);
  return judgeSettings({ subject: oauth2ProxySettings, given, where, judgments, allowed });
}

const https = (value: unknown) =>
  originOf(value)?.startsWith("https:") === true ? undefined : "an https address";

const issuerOf = (issuers: readonly Issuer[]) => (value: unknown) =>
  issuers.length === 0
    ? https(value)
    : issuers.some(({ issuer }) => issuer === value)
      ? undefined
      : issuers.map(({ issuer }) => show(issuer)).join(" or ");

const asymmetric = (value: unknown) =>
  entries(value).every((one) => /^((RS|ES|PS)(256|384|512)|EdDSA)$/.test(String(one)))
    ? undefined
    : 'asymmetric algorithms, such as "RS256"';

function fileJudgments({ issuers, responseHeaders }: Settings): Judgments {
  const addresses = ["loginURL", "redeemURL", "profileURL", "validateURL", "backendLogoutURL"];
  return {
    ...Object.fromEntries(addresses.map((name) => [`providers[].${name}`, https])),
    "providers[].oidcConfig.jwksURL": https,
    "providers[].oidcConfig.issuerURL": issuerOf(issuers),
    "providers[].oidcConfig.enabledSigningAlgs": asymmetric,
    "injectResponseHeaders[].name": (name) =>
      responseHeaders.includes(String(name).toLowerCase())
        ? undefined
        : responseHeaders.map(show).join(" or "),
  };
}

function flagJudgments(
  flags: readonly Given[],
  { settings: content }: OAuth2Proxy,
  settings: Settings,
): Judgments {
  const { issuers, cookieDomains, maximumSession } = settings;
  const valuesOf = (flag: string) => flags.filter(({ name }) => name === flag);
  const exempt = (value: unknown) => judgeRoute(value, settings);
  const addresses = ["backend-logout-url", "login-url", "oidc-jwks-url", "profile-url"];
  const [redirect] = valuesOf("redirect-url");
  const isPlain = wrongRedirect(redirect?.value, settings) === undefined && isHttp(redirect?.value);
  return {
    ...Object.fromEntries(
      [...addresses, "pubjwk-url", "redeem-url", "validate-url"].map((name) => [name, https]),
    ),
    "skip-auth-route": exempt,
    "skip-auth-regex": exempt,
    "reverse-proxy": (value) =>
      String(value) === "false" || valuesOf("trusted-proxy-ip").length > 0
        ? undefined
        : "false, or trusted-proxy-ip",
    "trusted-proxy-ip": (value) =>
      /\/0+$/.test(String(value)) || value === unknown ? "addresses, not all of them" : undefined,
    "oidc-issuer-url": issuerOf(issuers),
    "oidc-enabled-signing-alg": asymmetric,
    "redis-connection-url": (value) =>
      /^rediss?:\/\/[^@]+$/.test(String(value)) ? undefined : "an address without a password",
    "cookie-domain": (value) =>
      value === "" || cookieDomains.some((one) => one === value)
        ? undefined
        : ["nothing", ...cookieDomains.map(show)].join(" or "),
    "cookie-secure": (value) => (String(value) === "true" || isPlain ? undefined : "true"),
    "cookie-expire": (value) => {
      const seconds = secondsOf(value) ?? Infinity;
      const isGood = seconds > 0 && seconds <= maximumSession * 3600;
      return isGood ? undefined : `at most "${maximumSession}h"`;
    },
    "whitelist-domain": (value) => judgeHost(value, settings),
    "redirect-url": (value) => wrongRedirect(value, settings),
    "alpha-config": () =>
      content === undefined ? "a file of a ConfigMap of the stack" : undefined,
  };
}

const isHttp = (value: unknown) => typeof value === "string" && value.startsWith("http:");

/** `METHOD=pattern`, `METHOD!=pattern`, or a pattern: a request that matches needs no session. */
function judgeRoute(route: unknown, { skipAuthRoutes }: Settings): string | undefined {
  if (skipAuthRoutes !== undefined)
    return skipAuthRoutes.some((one) => one === route)
      ? undefined
      : skipAuthRoutes.map(show).join(" or ") || "nothing";
  const write = "a pattern that begins with ^/ and does not fit every path";
  if (typeof route !== "string") return write;
  const [, not, pattern = route] = /^[A-Z]*(!?)=([\s\S]*)$/.exec(route) ?? [];
  if (not === "!") return write;
  const isAnchored = pattern.startsWith("^/") || pattern.startsWith("^\\/");
  return isAnchored && !fitsAll(pattern) ? undefined : write;
}

function fitsAll(pattern: string): boolean {
  try {
    const fits = new RegExp(pattern);
    return ["/a-path-of-nothing", "/another/one"].every((path) => fits.test(path));
  } catch {
    return true;
  }
}

function judgeHost(host: unknown, { redirectHosts }: Settings): string | undefined {
  if (redirectHosts !== undefined)
    return redirectHosts.some((one) => one === host)
      ? undefined
      : redirectHosts.map(show).join(" or ") || "nothing";
  const isFull = typeof host === "string" && /^[a-z\d][\w-]*(\.[\w-]+)+(:\d+)?$/i.test(host);
  return isFull ? undefined : "a host's full name";
}

function wrongRedirect(url: unknown, { gatewayUrl, allowLocalhost }: Settings) {
  const write = gatewayUrl === undefined ? "an https address" : `an address of ${gatewayUrl}`;
  if (wrongWith(url, ["https"], allowLocalhost) !== undefined) return write;
  return gatewayUrl === undefined || originOf(url) === originOf(gatewayUrl) ? undefined : write;
}
