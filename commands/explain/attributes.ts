/**
 * The attributes that a rule may name: how each is compared, and how it is described.
 *
 * Source: istio/istio, pilot/pkg/security/authz/model/{model,generator}.go.
 */
import type { RequestFacts } from "./facts";
import { comparedPath, matchesPath, matchesPattern } from "./matching";
import { clientNamed } from "./policies";
import type { Mesh } from "./policies";
import { isObject } from "./token";
import type { Claims } from "./token";

/** Whether a check holds; `unknown` if what is known of the request does not decide it. */
export type Truth = boolean | "unknown";

/** What rules are compared with. */
export interface Evidence {
  readonly request: RequestFacts;
  /** undefined: no token. */
  readonly claims: Claims | undefined;
  readonly mesh: Mesh;
  /** The stack's clients: their names by their ids. */
  readonly clients: Readonly<Record<string, string>>;
  /** The policy's own namespace, for a service account without one. */
  readonly policyNamespace: string;
  /** What the policy does with what matches. */
  readonly action: "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";
}

export interface Attribute {
  /** Whether one of a rule's values matches. */
  readonly meets: (value: string, evidence: Evidence) => Truth;
  /** What a rule requires. */
  readonly asked: (values: string) => string;
  /** What a value is called. Default: the value itself. */
  readonly named?: (value: string, evidence: Evidence) => string;
  /** What the request has instead. */
  readonly found: (evidence: Evidence) => string;
  /** What to change if the request has what is required, but in a form that Istio does not compare. */
  readonly advice?: (values: readonly string[], evidence: Evidence) => string | undefined;
}

const unknowable: Attribute = {
  meets: () => "unknown",
  asked: (values) => values,
  found: () => "something that is not known here",
};

/** Envoy's own name for a caller; undefined for plain text, which has none. */
function spiffe({ request: { source }, mesh }: Evidence): string | undefined {
  if (source === undefined) return undefined;
  return `spiffe://${mesh.trustDomain}/ns/${source.namespace}/sa/${source.serviceAccount}`;
}

function caller({ request: { source } }: Evidence): string {
  return source === undefined
    ? "a caller without mutual TLS"
    : `the caller ${source.namespace}/${source.serviceAccount}`;
}

/** `*` matches any text at any place; everything else matches itself. */
function matchesGlob(pattern: string, value: string, any: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(any)}$`, "s").test(value);
}

/** The mesh may have aliases for its trust domain; this evaluator does not resolve them. */
function ofTrustDomain(
  compare: (value: string, evidence: Evidence) => boolean,
): Attribute["meets"] {
  return (value, evidence) =>
    evidence.mesh.trustDomainAliases.length > 0 ? "unknown" : compare(value, evidence);
}

function textClaim(claims: Claims | undefined, name: string): string {
  const value = claims?.[name];
  return typeof value === "string" ? value : "";
}

/**
 * A principal is issuer, slash, subject; the last slash separates them. `*` at one end makes the part at that end open.
 */
function meetsPrincipal(value: string, { claims }: Evidence): boolean {
  const issuer = textClaim(claims, "iss");
  const subject = textClaim(claims, "sub");
  const any = (text: string) => text !== "";
  if (value === "*") return any(issuer) && any(subject);
  const divide = value.lastIndexOf("/");
  const [wantedIssuer, wantedSubject] =
    divide < 0 ? [value, ""] : [value.slice(0, divide), value.slice(divide + 1)];
  if (value.startsWith("*")) {
    if (divide < 0) return any(issuer) && subject.endsWith(value.slice(1));
    return matchesPattern(wantedIssuer, issuer) && subject === wantedSubject;
  }
  if (value.endsWith("*")) {
    if (divide < 0) return issuer.startsWith(value.slice(0, -1)) && any(subject);
    return issuer === wantedIssuer && matchesPattern(wantedSubject, subject);
  }
  return issuer === wantedIssuer && subject === wantedSubject;
}

/** A claim by its path: the claim itself if it is a text, or one of its members if it is a list. */
function claimAttribute(path: readonly string[]): Attribute {
  const name = path.join(".");
  // The client that a token was issued to, by the name that users know.
  const named = (text: string, { clients }: Evidence) =>
    name === "azp" ? clientNamed(text, clients) : text;
  const value = ({ claims }: Evidence) =>
    path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), claims);
  return {
    meets: (pattern, evidence) =>
      [value(evidence)]
        .flat()
        .some((each) => typeof each === "string" && matchesPattern(pattern, each)),
    asked: (values) => `${values} in the token's claim ${name}`,
    named,
    advice: (values, evidence) => {
      const text = value(evidence);
      const words = typeof text === "string" ? text.split(" ") : [];
      return words.length > 1 && words.some((word) => values.includes(word))
        ? `The token has it, as one word of a text, and Istio compares the whole text: name ${name} in spaceDelimitedClaims of the RequestAuthentication (Istio 1.28 or newer; the setting spaceDelimited of its provider in this program), or have the issuer write a list.`
        : undefined;
    },
    found: (evidence) => {
      if (evidence.claims === undefined) return "no token";
      const found = value(evidence);
      if (found === undefined) return `a token without the claim ${name}`;
      const list =
        Array.isArray(found) && found.length > 0
          ? found.join(", ")
          : typeof found === "string" && named(found, evidence) !== found
            ? named(found, evidence)
            : JSON.stringify(found);
      return `a token whose claim ${name} is ${list}`;
    },
  };
}

/** Headers that proxies and HTTP itself add or rewrite: what arrives may differ from what was sent. */
const rewritten =
  /^(:|(host|connection|forwarded|x-request-id|traceparent|tracestate)$|x-(forwarded|envoy|b3)-)/;

function headerAttribute(header: string): Attribute {
  const name = header.toLowerCase();
  const value = ({ request }: Evidence) => request.headers[name]?.join(",");
  if (rewritten.test(name))
    return { ...unknowable, asked: (values) => `${values} in the header ${name}` };
  return {
    meets: (pattern, evidence) => {
      const text = value(evidence);
      return text !== undefined && (pattern === "*" || matchesPattern(pattern, text));
    },
    asked: (values) => `${values} in the header ${name}`,
    found: (evidence) =>
      value(evidence) === undefined ? `no header ${name}` : `another value in the header ${name}`,
  };
}

const attributes: Readonly<Record<string, Attribute>> = {
  "source.principal": {
    meets: ofTrustDomain((value, evidence) =>
      matchesPattern(value, spiffe(evidence) ?? "", "spiffe://"),
    ),
    asked: (values) => `the caller ${values}`,
    found: caller,
  },
  "source.namespace": {
    meets: (value, { request: { source } }) =>
      source !== undefined && matchesGlob(value, source.namespace, ".*"),
    asked: (values) => `a caller of namespace ${values}`,
    found: caller,
  },
  "source.serviceAccount": {
    meets: (value, { request: { source }, policyNamespace }) => {
      const full = value.includes("/") ? value : `${policyNamespace}/${value}`;
      return source !== undefined && full === `${source.namespace}/${source.serviceAccount}`;
    },
    asked: (values) => `the caller ${values}`,
    found: caller,
  },
  "source.trustDomain": {
    meets: ofTrustDomain((value, { request: { source }, mesh }) => {
      return source !== undefined && matchesGlob(value, mesh.trustDomain, "[^/]*");
    }),
    asked: (values) => `a caller of trust domain ${values}`,
    found: caller,
  },
  "request.auth.principal": {
    meets: meetsPrincipal,
    asked: (values) => `a token of the principal ${values}`,
    found: ({ claims }) => {
      if (claims === undefined) return "no token";
      const [issuer, subject] = [textClaim(claims, "iss"), textClaim(claims, "sub")];
      return subject.includes("/")
        ? `a token of the issuer ${issuer} and the subject ${subject}, which has a slash`
        : `a token of the principal ${issuer}/${subject}`;
    },
    advice: (values, { claims }) => {
      const [issuer, subject] = [textClaim(claims, "iss"), textClaim(claims, "sub")];
      return subject.includes("/") && values.includes(`${issuer}/${subject}`)
        ? `Ask for the issuer by ${issuer}/*, and for the subject by request.auth.claims[sub]: Istio divides a principal at its last slash.`
        : undefined;
    },
  },
  "request.auth.audiences": claimAttribute(["aud"]),
  "request.auth.presenter": claimAttribute(["azp"]),
  "destination.port": {
    meets: (value, { request: { destination } }) =>
      destination.port === undefined ? "unknown" : Number(value) === destination.port,
    asked: (values) => `port ${values}`,
    found: ({ request: { destination } }) =>
      destination.port === undefined ? "a port that is not known here" : `port ${destination.port}`,
  },
  host: {
    meets: (value, { request: { host } }) =>
      matchesPattern(value.toLowerCase(), host.toLowerCase()),
    asked: (values) => `the host ${values}`,
    found: ({ request: { host } }) => `the host ${host}`,
  },
  method: {
    meets: (value, { request: { method } }) => matchesPattern(value, method),
    asked: (values) => `the method ${values}`,
    found: ({ request: { method } }) => `the method ${method}`,
  },
  path: {
    meets: (value, { request: { path }, mesh }) => matchesPath(value, comparedPath(path, mesh)),
    asked: (values) => `the path ${values}`,
    found: ({ request: { path }, mesh }) => `the path ${comparedPath(path, mesh)}`,
  },
};

/** Whether an attribute is one of connections, too; the others are of requests, which are HTTP's. */
export const isOfConnections = (key: string) =>
  /^(source|destination|remote|connection)\./.test(key);

/** A condition's attribute. A check of an unknown attribute neither holds nor fails. */
export function attributeOf(key: string): Attribute {
  const known = attributes[key];
  if (known !== undefined) return known;
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (header !== undefined) return headerAttribute(header);
  const claims = /^request\.auth\.claims(\[.+\])$/.exec(key)?.[1];
  if (claims !== undefined) return claimAttribute(bracketed(claims));
  return { ...unknowable, asked: (values) => `${values} as ${key}` };
}

/** `[a][b]` as a and b; any other text in brackets is one name. */
function bracketed(text: string): readonly string[] {
  return /^(\[[^[\]]*\])+$/.test(text) ? text.slice(1, -1).split("][") : [text.slice(1, -1)];
}
