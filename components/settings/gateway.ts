import { z } from "zod";
import { isFullName, isSecure } from "../gateway/host";
import { cors } from "./cors";
import { matching, oneOf, port, section, trustedCertificates } from "./schema";
import { variants } from "./variants";

/** The types that the gateway's Service can have, and whether such a Service has node ports. */
const serviceTypes = { LoadBalancer: true, NodePort: true, ClusterIP: false } as const;
export type ServiceType = keyof typeof serviceTypes;

const gatewayUrl = "an http or https URL without path, such as http://localhost:8080";
const email = "an e-mail address that the authority can write to";

const issuer = variants("kind", [
  section({ kind: z.literal("selfSigned") }),
  section({
    kind: z.literal("acme"),
    email: z.email({ error: email }),
    /** The authority's directory. Default: Let's Encrypt. */
    server: z
      .url({ error: "an https URL", protocol: /^https$/ })
      .default("https://acme-v02.api.letsencrypt.org/directory"),
  }),
]);

const tls = section({
  /** A Secret with tls.crt and tls.key that is in the cluster, NAMESPACE/NAME; or else `issuer`. Exactly one. */
  secret: matching(
    /^[a-z0-9-]+\/[a-z0-9.-]+$/,
    "a Secret as NAMESPACE/NAME, such as default/bookinfo-tls",
  ).optional(),
  /** cert-manager is installed, and asks this issuer for the certificate. */
  issuer: issuer.optional(),
  /** The oldest protocol that the gateway speaks. Default: 1.2. */
  minimumVersion: oneOf({ "1.2": true, "1.3": true }).default("1.2"),
  /** PEM of the private authority that the certificate comes from, for verify. Default: a public one. */
  certificateAuthority: trustedCertificates().optional(),
  /** The port that HTTPS has on every node. Default: Kubernetes chooses one. */
  nodePort: port().optional(),
}).superRefine(({ secret, issuer: asked }, context) => {
  if ((secret === undefined) === (asked === undefined))
    context.addIssue("exactly one of secret (NAMESPACE/NAME) and issuer (cert-manager's)");
});

export const gateway = section({
  /** The gateway's URL as browsers see it. Callbacks, logout addresses and the host it answers for come from it. */
  url: z
    .url({ error: gatewayUrl, protocol: /^https?$/ })
    // With a * the tenant would send signed-in browsers to any host that fits.
    .refine((url) => URL.parse(url)?.origin === url && !url.includes("*"), {
      error: gatewayUrl,
    }),
  /** How the gateway's Service is reached. Default: a load balancer; NodePort on a kind cluster. */
  serviceType: oneOf(serviceTypes).optional(),
  /** The port that HTTP has on every node. Default: Kubernetes chooses one. */
  nodePort: port().optional(),
  /** The certificate of an https URL. HTTP is then answered by a redirect only. */
  tls: tls.optional(),
  /** Which other origins' pages may call the services by a browser. Default: none. */
  cors: cors.optional(),
}).superRefine(({ url, serviceType, nodePort, tls: certificate }, context) => {
  const complain = (path: string[], input: unknown, message: string) => {
    context.addIssue({ code: "custom", path, input, message });
  };
  if (serviceType !== undefined && !serviceTypes[serviceType]) {
    const message = `nothing, as a ${serviceType} service has no node port`;
    if (nodePort !== undefined) complain(["nodePort"], nodePort, message);
    if (certificate?.nodePort !== undefined)
      complain(["tls", "nodePort"], certificate.nodePort, message);
  }
  if (nodePort !== undefined && nodePort === certificate?.nodePort)
    complain(["tls", "nodePort"], nodePort, "another port than gateway.nodePort");
  const secure = isSecure(url);
  if (secure && certificate === undefined)
    complain(["tls"], certificate, "where the certificate of an https URL comes from");
  if (!secure && certificate !== undefined)
    complain(["tls"], certificate, "nothing, as gateway.url is an http URL");
  if (certificate?.issuer?.kind === "acme" && !isFullName(new URL(url).hostname))
    complain(["url"], url, "a URL with a full host name, as an ACME authority has to reach it");
});
