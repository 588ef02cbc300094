import { z } from "zod";
import { isRequestAuthentication, partFinding } from "../istio";
import { at, entries, show } from "../reading";
import type { Resource } from "../resource";
import { type Finding, resourceRule } from "../rule";
import { type Issuer, issuerSettings, separatedClaims } from "../table";

/** https://istio.io/latest/docs/reference/config/security/request_authentication/ */
export const jwtIssuer = resourceRule({
  name: "jwt-issuer",
  description: "Tokens count only of the configured issuers, for their audience, by their keys.",
  severity: "critical",
  remediation:
    "Give each jwtRule the issuer, audiences and jwksUri of the configuration, and fromHeaders, so that tokens count in no other place of a request.",
  settings: z.object({
    issuers: z
      .array(issuerSettings)
      .default([])
      .describe("Whose tokens may count. Default: any https issuer with keys at its own host"),
    allowInlineKeys: z
      .boolean()
      .default(false)
      .describe("Whether keys may be written into the policy, where they are not rotated"),
    cookies: z
      .array(z.string())
      .default([])
      .describe("The cookies that a token may be in, which other sites' pages send as well"),
    headers: z
      .array(z.string())
      .default(["authorization"])
      .describe("The headers that a token may be in, in lower case"),
  }),
  judge(resource, { issuers, allowInlineKeys, cookies, headers }) {
    if (!isRequestAuthentication(resource)) return [];
    return entries(at(resource.inputs, "spec", "jwtRules")).flatMap((rule, index) => {
      const one: JwtRule = { resource, rule, where: `spec.jwtRules[${index}]` };
      return [
        ...judgeIssuer(one, issuers),
        ...judgeKeys(one, allowInlineKeys),
        ...judgeHeaders(one, headers),
        ...judgeOtherPlaces(one, cookies),
      ];
    });
  },
});

interface JwtRule {
  readonly resource: Resource;
  readonly where: string;
  readonly rule: unknown;
}

const finding = ({ resource, where }: JwtRule, path: string, value: unknown, write: string) =>
  partFinding(resource, `${where}.${path}`, value, write);

function judgeIssuer(one: JwtRule, issuers: readonly Issuer[]): Finding[] {
  const issuer = at(one.rule, "issuer");
  if (issuers.length === 0) return judgeUnconfigured(one);
  const configured = issuers.find((known) => known.issuer === issuer);
  if (configured === undefined) {
    const known = issuers.map((known) => show(known.issuer)).join(" or ");
    return [finding(one, "issuer", issuer, known)];
  }
  const audiences = entries(at(one.rule, "audiences"));
  const isFor = audiences.length > 0 && audiences.every((name) => name === configured.audience);
  const keys = at(one.rule, "jwksUri");
  return [
    ...(isFor
      ? []
      : [finding(one, "audiences", at(one.rule, "audiences"), show([configured.audience]))]),
    ...(keys === configured.jwksUri || hasOnlyInlineKeys(one)
      ? []
      : [finding(one, "jwksUri", keys, show(configured.jwksUri))]),
    ...judgeWords(one, configured),
  ];
}

/** A text whose words are separated has as many permissions as it has words; as a whole it is one permission. */
function judgeWords(one: JwtRule, { permissionsClaim, spaceDelimited }: Issuer): Finding[] {
  const found = at(one.rule, "spaceDelimitedClaims");
  const wanted = spaceDelimited === true ? separatedClaims(permissionsClaim.slice(0, 1)) : [];
  const named = separatedClaims(entries(found));
  const isGood =
    wanted.every((claim) => named.includes(claim)) &&
    named.every((claim) => wanted.includes(claim));
  if (isGood) return [];
  return [finding(one, "spaceDelimitedClaims", found, wanted.length === 0 ? "none" : show(wanted))];
}

/** The violation for an issuer that is not configured. */
function judgeUnconfigured(one: JwtRule): Finding[] {
  const issuer = at(one.rule, "issuer");
  const audiences = entries(at(one.rule, "audiences"));
  const named = audiences.filter((name) => typeof name === "string" && name !== "");
  const keys = at(one.rule, "jwksUri");
  const host = hostOf(issuer);
  return [
    ...(host === undefined ? [finding(one, "issuer", issuer, "an https URL")] : []),
    ...(named.length > 0 && named.length === audiences.length
      ? []
      : [
          finding(one, "audiences", at(one.rule, "audiences"), "the audience of this API's tokens"),
        ]),
    ...(hasOnlyInlineKeys(one) || (hostOf(keys) !== undefined && hostOf(keys) === host)
      ? []
      : [finding(one, "jwksUri", keys, "an https URL of the issuer's own host")]),
  ];
}

function hostOf(address: unknown): string | undefined {
  const url = typeof address === "string" ? URL.parse(address) : null;
  return url?.protocol === "https:" ? url.host : undefined;
}

/** If both are there, Istio uses those of the address. */
const hasOnlyInlineKeys = ({ rule }: JwtRule) =>
  at(rule, "jwks") !== undefined && at(rule, "jwksUri") === undefined;

function judgeKeys(one: JwtRule, allowInlineKeys: boolean): Finding[] {
  const older = at(one.rule, "jwks_uri");
  return [
    // Its value is not useful in a message, and may be long.
    ...(at(one.rule, "jwks") === undefined || allowInlineKeys
      ? []
      : [finding(one, "jwks", "…", "jwksUri instead")]),
    ...(older === undefined ? [] : [finding(one, "jwks_uri", older, "jwksUri instead")]),
  ];
}

/** Without a place, a token in the address would be accepted too, and addresses get into logs. */
function judgeHeaders(one: JwtRule, headers: readonly string[]): Finding[] {
  const named = entries(at(one.rule, "fromHeaders")).map((header) => at(header, "name"));
  const isGood = (name: unknown) =>
    typeof name === "string" && headers.includes(name.toLowerCase());
  if (named.length > 0 && named.every(isGood)) return [];
  const write = `the name of ${headers.join(" or ")}`;
  return [finding(one, "fromHeaders", at(one.rule, "fromHeaders"), write)];
}

function judgeOtherPlaces(one: JwtRule, cookies: readonly string[]): Finding[] {
  const accepted: Readonly<Record<string, readonly unknown[]>> = {
    fromParams: [],
    fromCookies: cookies,
  };
  return Object.entries(accepted).flatMap(([place, names]) => {
    const found = at(one.rule, place);
    if (entries(found).every((name) => names.includes(name))) return [];
    return [finding(one, place, found, names.length === 0 ? "none" : show(names))];
  });
}
