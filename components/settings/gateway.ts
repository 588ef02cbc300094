import { z } from "zod";
import { isFullName, isSecure } from "../gateway/host";
import { cors } from "./cors";
import { matching, oneOf, port, section, trustedCertificates } from "./schema";
import { variants } from "./variants";

/** The types that the gateway's Service can have, and whether a Service of that type has node ports. */
const serviceTypes = { LoadBalancer: true, NodePort: true, ClusterIP: false } as const;
export type ServiceType = keyof typeof serviceTypes;

const gatewayUrl = "an http or https URL without path, such as http://localhost:8080";
const email = "an e-mail address that the authority can write to";

const issuer = variants("kind", [
  section({ kind: z.literal("selfSigned") }).describe("An authority of the stack's own."),
  section({
    kind: z.literal("acme"),
    email: z
      .email({ error: email })
      .describe("The address that the authority writes to before a certificate expires."),

    server: z
      .url({ error: "an https URL", protocol: /^https$/ })
      .default("https://acme-v02.api.letsencrypt.org/directory")
      .describe("The authority's directory. The default is Let's Encrypt."),
  }),
]);

const tls = section({
  secret: matching(
    /^[a-z0-9-]+\/[a-z0-9.-]+$/,
    "a Secret as NAMESPACE/NAME, such as default/gateway-tls",
  )
    .optional()
    .meta({
      description: "A Secret in the cluster with `tls.crt` and `tls.key`. Either this or `issuer`.",
      unset: "cert-manager gets the certificate from `issuer`",
    }),

  issuer: issuer.optional().meta({
    description:
      "The issuer that cert-manager, which the stack then installs, asks for the certificate. Either this or `secret`.",
    unset: "the certificate in `secret`",
  }),

  minimumVersion: oneOf({ "1.2": true, "1.3": true })
    .default("1.2")
    .describe("The oldest version of TLS that the gateway speaks."),

  certificateAuthority: trustedCertificates().optional().meta({
    description:
      "PEM of the private authority that the certificate comes from, which `verify` then trusts.",
    unset: "a public one",
  }),

  nodePort: port().optional().meta({
    description: "The port that HTTPS has on every node.",
    unset: "Kubernetes chooses one; 30443 on a kind cluster",
  }),
}).superRefine(({ secret, issuer: asked }, context) => {
  if ((secret === undefined) === (asked === undefined))
    context.addIssue("exactly one of secret (NAMESPACE/NAME) and issuer (cert-manager's)");
});

export const gateway = section({
  url: z
    .url({ error: gatewayUrl, protocol: /^https?$/ })
    // With a * the tenant would send signed-in browsers to any host that matches.
    .refine((url) => URL.parse(url)?.origin === url && !url.includes("*"), {
      error: gatewayUrl,
    })
    .describe(
      "The gateway's URL as browsers see it. Callbacks, logout addresses and the gateway's host are made from it.",
    ),

  serviceType: oneOf(serviceTypes).optional().meta({
    description: "How the gateway's Service is reached.",
    unset: "`LoadBalancer`; `NodePort` on a kind cluster",
  }),

  nodePort: port().optional().meta({
    description: "The port that HTTP has on every node.",
    unset: "Kubernetes chooses one; 30080 on a kind cluster",
  }),

  tls: tls.optional().meta({
    description:
      "Where the certificate of an https URL comes from. HTTP is then answered by a redirect only.",
    unset: "none, for an http URL",
  }),

  cors: cors.optional().meta({
    description:
      "Which other origins' pages may call the services from a browser, with a token of their own.",
    unset: "none",
  }),
})
  .superRefine(({ url, serviceType, nodePort, tls: certificate }, context) => {
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
  })
  .describe("The ingress gateway: its URL, its Service and its certificate.");
