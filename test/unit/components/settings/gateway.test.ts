/** The gateway's URL, certificate and listed origins have to fit each other, and every mistake is reported. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";
import { kubeconfig } from "../mocks";

const authority = readFileSync(join(__dirname, "../authority.pem"), "utf8");
const url = "https://books.example";
const tls = { secret: "default/books-tls" };

/** What is said about these settings of the gateway, with all others as they should be. */
function problems(gateway: object): string[] {
  return settingsProblems(bookinfo, {
    cluster: { kind: "existing", kubeconfig },
    identity: {
      kind: "auth0",
      domain: "tenant.example",
      clientId: "management",
      clientSecret: "management-secret",
    },
    gateway,
  });
}

for (const [name, gateway] of [
  ["an http URL", { url: "http://localhost:8080" }],
  ["a certificate from a Secret", { url, tls }],
  [
    "a certificate that signs itself",
    { url: "https://localhost", tls: { issuer: { kind: "selfSigned" } } },
  ],
  [
    "a certificate from Let's Encrypt",
    { url, tls: { issuer: { kind: "acme", email: "a@b.example" } } },
  ],
  [
    "pages of another origin",
    {
      url: "http://localhost:8080",
      cors: { origins: ["https://app.example", "http://[::1]:3000"] },
    },
  ],
  [
    "every setting of pages of other origins",
    {
      url: "http://localhost:8080",
      cors: {
        origins: ["https://app.example"],
        methods: ["GET", "PUT", "DELETE"],
        headers: [],
        exposeHeaders: ["x-total-count"],
        maxAge: "2h",
      },
    },
  ],
  [
    "pages of another origin for one service alone, and for none",
    {
      url: "http://localhost:8080",
      cors: { origins: [], services: { productpage: { origins: ["https://app.example"] } } },
    },
  ],
  [
    "a service without pages of other origins",
    {
      url: "http://localhost:8080",
      cors: {
        origins: ["https://app.example"],
        services: { productpage: { origins: [], methods: ["GET"], maxAge: "1m" } },
      },
    },
  ],
  [
    "every setting of a certificate",
    {
      url,
      tls: { ...tls, minimumVersion: "1.3", nodePort: 30443, certificateAuthority: authority },
    },
  ],
] as const) {
  test(`${name} is as it should be`, () => {
    assert.deepEqual(problems(gateway), []);
  });
}

const originForm =
  "expected an origin as browsers send it: http or https, the host in lower case, and the port unless it is the scheme's own; no path, no *, such as https://app.example.com";

test("all mistakes in what pages of other origins may do are said at once", () => {
  const origins = [
    "https://app.example/",
    "https://App.example",
    "https://app.example:443",
    "https://*.app.example",
    "*",
    "null",
    "app.example",
    "capacitor://localhost",
    "https://user:secret@app.example",
    "https://app.example",
    "https://app.example",
    "https://gateway.example",
  ];
  const cors = {
    origins,
    methods: ["GET", "get", "TRACE"],
    headers: ["Authorization", "*", "x-a", "x-a"],
    exposeHeaders: "x-total",
    maxAge: "600",
    credentials: true,
  };
  const oneMethod = 'expected one of "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"';
  const oneHeader = "expected a header's name in lower case, such as authorization; no *";
  const [slash, capital, port, ...others] = origins;
  assert.deepEqual(
    new Set(problems({ url: "https://gateway.example", tls, cors })),
    new Set([
      ...[slash, capital, port, ...others.slice(0, 5)].map(
        (origin, index) =>
          `gateway.cors.origins[${index}]: found ${JSON.stringify(origin)}, ${originForm}`,
      ),
      `gateway.cors.origins[8]: found "https://…@app.example", ${originForm}`,
      'gateway.cors.origins[10]: found "https://app.example", expected each origin once',
      'gateway.cors.origins[11]: found "https://gateway.example", expected another origin than gateway.url, whose own pages need none',
      `gateway.cors.methods[1]: found "get", ${oneMethod}`,
      `gateway.cors.methods[2]: found "TRACE", ${oneMethod}`,
      `gateway.cors.headers[0]: found "Authorization", ${oneHeader}`,
      `gateway.cors.headers[1]: found "*", ${oneHeader}`,
      'gateway.cors.headers[3]: found "x-a", expected each header once',
      'gateway.cors.exposeHeaders: found "x-total", expected a list',
      'gateway.cors.maxAge: found "600", expected a number of seconds, minutes or hours, such as "10m"',
      "gateway.cors.credentials: found an unknown key, expected one of origins, methods, headers, exposeHeaders, maxAge, services",
    ]),
  );
  assert.deepEqual(problems({ url: "http://localhost:8080", cors: { origins: [], methods: [] } }), [
    "gateway.cors.methods: found an empty list, expected at least one method",
    "gateway.cors.origins: found an empty list, expected at least one origin, or no gateway.cors",
  ]);
  assert.deepEqual(problems({ url: "http://localhost:8080", cors: {} }), [
    "gateway.cors.origins: found nothing, expected a list",
  ]);
});

test("all mistakes in what single services have instead are said at once", () => {
  const services = {
    productpage: { origins: ["http://localhost:8080", "*"], methods: [], credentials: true },
    // The gateway does not lead there.
    details: { origins: ["https://app.example"] },
    books: { maxAge: "1m" },
  };
  const known =
    'expected one of the services that the gateway leads to, but for those with cors: "own": productpage';
  assert.deepEqual(
    new Set(problems({ url: "http://localhost:8080", cors: { origins: [], services } })),
    new Set([
      `gateway.cors.services.productpage.origins[1]: found "*", ${originForm}`,
      'gateway.cors.services.productpage.origins[0]: found "http://localhost:8080", expected another origin than gateway.url, whose own pages need none',
      "gateway.cors.services.productpage.methods: found an empty list, expected at least one method",
      "gateway.cors.services.productpage.credentials: found an unknown key, expected one of origins, methods, headers, exposeHeaders, maxAge",
      `gateway.cors.services.details: found an object with origins, ${known}`,
      `gateway.cors.services.books: found an object with maxAge, ${known}`,
    ]),
  );
  const none = { origins: [], services: { productpage: { origins: [] } } };
  assert.deepEqual(problems({ url: "http://localhost:8080", cors: none }), [
    "gateway.cors.origins: found an empty list, expected at least one origin, or no gateway.cors",
  ]);
});

const oneSource = "expected exactly one of secret (NAMESPACE/NAME) and issuer (cert-manager's)";
const secretForm = "expected a Secret as NAMESPACE/NAME, such as default/gateway-tls";
const certificates = "expected certificates in PEM, and nothing else";

for (const [name, gateway, expected] of [
  [
    "https without a certificate",
    { url },
    ["gateway.tls: found nothing, expected where the certificate of an https URL comes from"],
  ],
  [
    "a certificate for http",
    { url: "http://books.example", tls },
    ["gateway.tls: found an object with secret, expected nothing, as gateway.url is an http URL"],
  ],
  [
    "any host of a domain, to which the tenant would send people back",
    { url: "http://*.books.example" },
    [
      'gateway.url: found "http://*.books.example", expected an http or https URL without path, such as http://localhost:8080',
    ],
  ],
  [
    "one node port for HTTP and HTTPS",
    { url, nodePort: 30443, tls: { ...tls, nodePort: 30443 } },
    ["gateway.tls.nodePort: found 30443, expected another port than gateway.nodePort"],
  ],
  [
    "both a Secret and an issuer",
    { url, tls: { ...tls, issuer: { kind: "selfSigned" } } },
    [`gateway.tls: found an object with secret, issuer, ${oneSource}`],
  ],
  [
    "neither a Secret nor an issuer",
    { url, tls: { minimumVersion: "1.3" } },
    [`gateway.tls: found an object with minimumVersion, ${oneSource}`],
  ],
  [
    "a Secret without its namespace",
    { url, tls: { secret: "books-tls" } },
    [`gateway.tls.secret: found "books-tls", ${secretForm}`],
  ],
  [
    "a Secret's name that Kubernetes would refuse",
    { url, tls: { secret: "default/Books_TLS" } },
    [`gateway.tls.secret: found "default/Books_TLS", ${secretForm}`],
  ],
  [
    "an unknown kind of issuer",
    { url, tls: { issuer: { kind: "vault" } } },
    ['gateway.tls.issuer.kind: found "vault", expected one of "selfSigned", "acme"'],
  ],
  [
    "an ACME issuer without an address",
    { url, tls: { issuer: { kind: "acme" } } },
    [
      "gateway.tls.issuer.email: found nothing, expected an e-mail address that the authority can write to",
    ],
  ],
  [
    "an ACME directory by http",
    { url, tls: { issuer: { kind: "acme", email: "a@b.example", server: "http://acme.example" } } },
    ['gateway.tls.issuer.server: found "http://acme.example", expected an https URL'],
  ],
  [
    "an ACME issuer for a name that no authority reaches",
    { url: "https://localhost", tls: { issuer: { kind: "acme", email: "a@b.example" } } },
    [
      'gateway.url: found "https://localhost", expected a URL with a full host name, as an ACME authority has to reach it',
    ],
  ],
  [
    "an old protocol",
    { url, tls: { ...tls, minimumVersion: "1.1" } },
    ['gateway.tls.minimumVersion: found "1.1", expected one of "1.2", "1.3"'],
  ],
  [
    "a node port of HTTPS on a Service that has none",
    { url, serviceType: "ClusterIP", tls: { ...tls, nodePort: 30443 } },
    [
      "gateway.tls.nodePort: found 30443, expected nothing, as a ClusterIP service has no node port",
    ],
  ],
  [
    "an authority that is no certificate",
    { url, tls: { ...tls, certificateAuthority: "no PEM" } },
    [`gateway.tls.certificateAuthority: found "no PEM", ${certificates}`],
  ],
  [
    "a private key next to the authority",
    {
      url,
      tls: { ...tls, certificateAuthority: `${authority}-----BEGIN PRIVATE KEY-----\n` },
    },
    [`gateway.tls.certificateAuthority: found text of 13 lines, ${certificates}`],
  ],
] as const) {
  test(`one line: ${name}`, () => {
    assert.deepEqual(problems(gateway), expected);
  });
}

test("an origin that no page can have is refused", () => {
  const cors = { origins: ["https://other.invalid", "https://invalid.example"] };
  assert.deepEqual(problems({ url: "https://gateway.example", tls, cors }), [
    `gateway.cors.origins[0]: found "https://other.invalid", ${originForm}`,
  ]);
});
