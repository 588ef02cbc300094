import { z } from "zod";
import { at, entries, objectName, show } from "../reading";
import type { Resource } from "../resource";
import { isBound, isGateway, isRoute } from "../routes";
import { type Finding, stackRule } from "../rule";

const settings = z.object({
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe("Whether a gateway may serve HTTP, as one on the user's own machine"),
  oldestProtocols: z
    .array(z.string())
    .default(["TLSV1_2", "TLSV1_3"])
    .describe("What a server may name as the oldest protocol that it speaks"),
  modes: z
    .array(z.string())
    .default(["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"])
    .describe("How a server may speak TLS; PASSTHROUGH leaves it to the server behind the gateway"),
});

type Settings = z.infer<typeof settings>;

/** https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings */
export const gatewayTls = stackRule({
  name: "gateway-tls",
  description: "A gateway serves HTTPS; HTTP is answered by redirects only.",
  severity: "high",
  remediation:
    "Serve HTTPS with a certificate, minProtocolVersion TLSV1_2 or newer, and answer HTTP by tls.httpsRedirect: true, or by a VirtualService of redirects only.",
  settings,
  judgeAll(resources, settings) {
    const routes = resources.filter(isRoute);
    return resources
      .filter(isGateway)
      .flatMap((gateway) =>
        entries(at(gateway.inputs, "spec", "servers")).flatMap((server, index) =>
          judgeServer({ gateway, server, index }, routes, settings),
        ),
      );
  },
});

interface Server {
  readonly gateway: Resource;
  readonly server: unknown;
  readonly index: number;
}

const http: readonly unknown[] = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"];
/** Kinds that cannot redirect. */
const raw: readonly unknown[] = ["TCP", "MONGO"];

function judgeServer(one: Server, routes: readonly Resource[], settings: Settings): Finding[] {
  const { gateway, server } = one;
  const protocol = at(server, "port", "protocol");
  const name = typeof protocol === "string" ? protocol.toUpperCase() : protocol;
  if (name === "HTTPS" || name === "TLS") return judgeTls(one, settings);
  if (!http.includes(name) && !raw.includes(name))
    return [found(one, "port.protocol", protocol, '"HTTPS"')];
  if (settings.allowPlainHttp) return [];
  if (raw.includes(name))
    return [found(one, "port.protocol", protocol, '"TLS" with a certificate')];
  if (at(server, "tls", "httpsRedirect") === true || isRedirected(gateway, routes)) return [];
  const write = 'tls.httpsRedirect: true, or "HTTPS" with a certificate';
  return [found(one, "port.protocol", protocol, write)];
}

function judgeTls(one: Server, { oldestProtocols, modes }: Settings): Finding[] {
  const tls = at(one.server, "tls");
  const mode = at(tls, "mode");
  const oldest = at(tls, "minProtocolVersion");
  const credential = at(tls, "credentialName") ?? at(tls, "serverCertificate");
  const lists = ["credentialNames", "tlsCertificates"].map((list) => entries(at(tls, list)));
  const isNamed = (credential ?? "") !== "" || lists.some((list) => list.length > 0);
  return [
    ...(modes.some((allowed) => allowed === mode)
      ? []
      : [found(one, "tls.mode", mode, modes.map(show).join(" or "))]),
    ...(oldestProtocols.some((allowed) => allowed === oldest)
      ? []
      : [found(one, "tls.minProtocolVersion", oldest, oldestProtocols.map(show).join(" or "))]),
    // If the connection is passed through, the certificate is another server's.
    ...(isNamed || mode === "PASSTHROUGH"
      ? []
      : [found(one, "tls.credentialName", credential, "the Secret with the certificate")]),
  ];
}

const found = ({ gateway, index }: Server, path: string, value: unknown, write: string) => ({
  resource: gateway,
  where: `spec.servers[${index}].${path} of Gateway ${objectName(gateway)}`,
  is: value,
  write,
});

/** Whether routes are bound to it, and each of them only redirects to HTTPS. */
function isRedirected(gateway: Resource, routes: readonly Resource[]): boolean {
  const bound = routes.filter((route) => isBound(route, gateway));
  return bound.length > 0 && bound.every(onlyRedirects);
}

/** The path at which an authority asks for proof of the name, which it does by HTTP only. */
const challenges = "/.well-known/acme-challenge/";

const isChallenge = (route: unknown) => {
  const matches = entries(at(route, "match"));
  return (
    matches.length > 0 &&
    matches.every((match) =>
      ["exact", "prefix"].some((kind) => {
        const path = at(match, "uri", kind);
        return typeof path === "string" && path.startsWith(challenges);
      }),
    )
  );
};

function onlyRedirects({ inputs }: Resource): boolean {
  const http = entries(at(inputs, "spec", "http"));
  const others = ["tcp", "tls"].flatMap((kind) => entries(at(inputs, "spec", kind)));
  return (
    http.length > 0 &&
    others.length === 0 &&
    http.every(
      (one) =>
        isChallenge(one) ||
        (at(one, "redirect", "scheme") === "https" &&
          ["route", "delegate"].every((field) => at(one, field) === undefined)),
    )
  );
}
