/** The settings that an external authorizer may have. */
import { secondsOf } from "./chart-values";
import { headerNames } from "./proxy-settings";
import { show } from "./reading";
import type { Finding } from "./rule";
import { authorizer } from "./weakening/authorizer";
import { judgeSettings } from "./weakening/setting";
import { settingsIn } from "./weakening/tree";

export interface ProviderSettings {
  /** In seconds. */
  readonly maximumTimeout: number;
  /** In lower case. Undefined: any that are harmless. */
  readonly headersInCheck?: readonly string[] | undefined;
  readonly headersToUpstream?: readonly string[] | undefined;
  readonly headersToDownstream?: readonly string[] | undefined;
  /** The host that has to be asked. Undefined: any. */
  readonly service?: string | undefined;
  readonly allowedSettings: readonly string[];
}

/** Headers with which a client says where its request goes, or a proxy that it has passed the request. */
const routing =
  /^(:|x-forwarded-(host|uri|proto|port|path|prefix|method)|x-original-|x-rewrite-|x-envoy-|x-auth-request-redirect$|host$|forwarded$)/;
/** The headers that identify the caller to it. */
const credentials: readonly string[] = ["authorization", "cookie"];
/** Headers that no browser needs to get. */
const secret = /^authorization$|token|x-auth-request-|x-forwarded-(user|email|groups)/;

export function judgeProvider(
  provider: unknown,
  where: (name: string) => string,
  settings: ProviderSettings,
): Finding[] {
  const { maximumTimeout, service, allowedSettings: allowed } = settings;
  const { headersInCheck, headersToUpstream, headersToDownstream } = settings;
  const inCheck = oneOfHeaders(headersInCheck, routing);
  const toUpstream = oneOfHeaders(headersToUpstream, routing);
  const toDownstream = oneOfHeaders(headersToDownstream, secret);
  const given = settingsIn(provider);
  const isTold = given.filter(({ name }) => name.startsWith("includeAdditionalHeadersInCheck."));
  const sent = isTold.filter(({ name }) => {
    const header = name.slice("includeAdditionalHeadersInCheck.".length).toLowerCase();
    return routing.test(header) || credentials.includes(header);
  });
  const asked = given.find(({ name }) => name === "service");
  return [
    ...judgeSettings({
      subject: authorizer,
      given: given.filter((one) => !isTold.includes(one)),
      where,
      allowed,
      judgments: {
        timeout: (timeout) =>
          (secondsOf(timeout) ?? Infinity) <= maximumTimeout
            ? undefined
            : `at most "${maximumTimeout}s"`,
        statusOnError: (status) =>
          /^[45]\d\d$/.test(String(status)) ? undefined : "a status of 400 or more",
        includeRequestHeadersInCheck: inCheck,
        includeHeadersInCheck: inCheck,
        headersToUpstreamOnAllow: toUpstream,
        headersToDownstreamOnAllow: toDownstream,
        headersToDownstreamOnDeny: toDownstream,
      },
    }),
    ...sent.map(({ name, value }) => ({
      where: where(name),
      is: value,
      write: "nothing",
    })),
    // With its namespace in front no other object for the host is used.
    ...(service === undefined || String(asked?.value).split("/").at(-1) === service
      ? []
      : [{ where: where("service"), is: asked?.value, write: show(service) }]),
  ];
}

/** Names, as Envoy compares them: `*` before or after one matches any text. */
function oneOfHeaders(accepted: readonly string[] | undefined, harmful: RegExp) {
  return (list: unknown): string | undefined => {
    const isGood = (name: unknown) =>
      typeof name === "string" &&
      (accepted === undefined
        ? !name.includes("*") && !harmful.test(name)
        : accepted.includes(name));
    if (headerNames(list).every(isGood)) return undefined;
    return accepted === undefined ? "names of harmless headers, in full" : `of ${show(accepted)}`;
  };
}
