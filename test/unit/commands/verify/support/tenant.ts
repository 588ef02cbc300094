/**
 * A small tenant over HTTPS: discovery, keys, a login page with a cookie and hidden fields, the
 * authorization code with PKCE, and client credentials.
 */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CryptoKey, JWK } from "jose";
import { makeCertificate } from "./certificate";

export interface TenantOptions {
  /** What users and machines are given, by e-mail address or client id. */
  readonly permissions: Readonly<Record<string, readonly string[]>>;
  readonly passwords: Readonly<Record<string, string>>;
  readonly clients: Readonly<Record<string, string>>;
  readonly callback: string;
  /** Issues access tokens that are not JWTs. */
  readonly opaque?: boolean;
}

export interface Tenant {
  readonly issuer: string;
  readonly jwksUri: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** What the tenant publishes: the key to come first, then the one it signs with. */
  readonly published: readonly JWK[];
  /** What each sign-in and each machine's token was asked for with; null where that was not said. */
  readonly scopes: readonly (string | null)[];
  /** The private keys, as its key file holds them. */
  readonly privateKeys: { readonly keys: readonly JWK[] };
  close(): Promise<void>;
}

interface Grant {
  readonly email: string;
  readonly query: URLSearchParams;
}

const audience = "https://bookinfo.io";

export async function startTenant(options: TenantOptions): Promise<Tenant> {
  const { certificate, key } = await makeCertificate();
  const next = await signingKey("next");
  const active = await signingKey("active");
  const logins = new Map<string, URLSearchParams>();
  const codes = new Map<string, Grant>();
  const scopes: (string | null)[] = [];
  let issuer = "";

  const token = (
    subject: string,
    name: string,
    client: string,
    claims: Record<string, unknown> = {},
  ) =>
    new SignJWT({ permissions: options.permissions[name] ?? [], azp: client, ...claims })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: "active" })
      .setIssuer(issuer)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime("1h");
  const accessToken = async (subject: string, name: string, client: string) =>
    options.opaque === true
      ? randomUUID()
      : token(subject, name, client)
          .setAudience([audience, `${issuer}userinfo`])
          .sign(active.privateKey);

  const routes: Record<string, (request: Parsed) => Promise<Reply> | Reply> = {
    "GET /.well-known/openid-configuration": () =>
      json(200, {
        issuer,
        authorization_endpoint: `${issuer}authorize`,
        token_endpoint: `${issuer}oauth/token`,
        jwks_uri: `${issuer}.well-known/jwks.json`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      }),
    "GET /.well-known/jwks.json": () => json(200, { keys: [next.published, active.published] }),
    "GET /authorize": ({ url }) => {
      scopes.push(url.searchParams.get("scope"));
      const problem =
        url.searchParams.get("redirect_uri") !== options.callback
          ? "Callback URL mismatch."
          : url.searchParams.get("audience") !== audience
            ? "Service not found"
            : undefined;
      if (problem !== undefined) return page(403, `<h1>Oops</h1><p class="error">${problem}</p>`);
      const login = randomUUID();
      logins.set(login, url.searchParams);
      return {
        status: 302,
        headers: { location: "/login", "set-cookie": `login=${login}; Path=/; Secure; HttpOnly` },
      };
    },
    "GET /login": ({ login }) => loginPage(200, login),
    "POST /login": ({ login, form }) => {
      const query = logins.get(login);
      if (query === undefined || form.get("state") !== `s&${login}`)
        return page(400, "<h1>Lost</h1>");
      const email = form.get("username") ?? "";
      if (
        options.passwords[email] === undefined ||
        options.passwords[email] !== form.get("password")
      ) {
        return loginPage(400, login, "Wrong email or password.");
      }
      const code = randomUUID();
      codes.set(code, { email, query });
      const back = new URL(options.callback);
      back.search = new URLSearchParams({ code, state: query.get("state") ?? "" }).toString();
      return { status: 302, headers: { location: back.href } };
    },
    "POST /oauth/token": async ({ form }) => {
      const id = form.get("client_id") ?? "";
      if (options.clients[id] === undefined || options.clients[id] !== form.get("client_secret")) {
        return json(401, { error: "access_denied", error_description: "Unauthorized" });
      }
      if (form.get("grant_type") === "client_credentials") {
        scopes.push(form.get("scope"));
        return json(200, {
          access_token: await accessToken(`${id}@clients`, id, id),
          token_type: "Bearer",
        });
      }
      const grant = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const challenge = createHash("sha256").update(form.get("code_verifier") ?? "");
      if (grant?.query.get("code_challenge") !== challenge.digest("base64url")) {
        return json(400, { error: "invalid_grant", error_description: "Failed to verify code" });
      }
      const idToken = token(`auth0|${grant.email}`, grant.email, id, {
        nonce: grant.query.get("nonce"),
      }).setAudience(id);
      return json(200, {
        access_token: await accessToken(`auth0|${grant.email}`, grant.email, id),
        id_token: await idToken.sign(active.privateKey),
        token_type: "Bearer",
      });
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "", issuer);
    const route = routes[`${request.method ?? ""} ${url.pathname}`];
    const form = new URLSearchParams(request.method === "POST" ? await text(request) : "");
    const login = /login=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    const reply = (await route?.({ url, form, login })) ?? json(404, { error: "not_found" });
    response.writeHead(reply.status, reply.headers).end(reply.body);
  };
  const server = createServer({ cert: certificate, key }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    issuer,
    jwksUri: `${issuer}.well-known/jwks.json`,
    certificateAuthority: certificate,
    published: [next.published, active.published],
    scopes,
    privateKeys: { keys: [next.jwk, active.jwk] },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Parsed {
  readonly url: URL;
  readonly form: URLSearchParams;
  /** From the cookie. */
  readonly login: string;
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

function json(status: number, body: object): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function page(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/html" }, body: `<!doctype html>${body}` };
}

function loginPage(status: number, login: string, error?: string): Reply {
  const alert = error === undefined ? "" : `<p role="alert">${error}</p>`;
  return page(
    status,
    `<h1>Welcome</h1>${alert}
    <form method="post" action="/login">
      <input type="hidden" name="state" value="s&amp;${login}">
      <input type="email" name="username"><input type="password" name="password">
      <button type="submit" name="action" value="default">Continue</button>
    </form>`,
  );
}

interface TenantKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly published: JWK;
}

/** This process's, by id: to make them takes longer than most of what a test does with its tenant. */
const made = new Map<string, Promise<TenantKey>>();

function signingKey(kid: string): Promise<TenantKey> {
  const key = made.get(kid) ?? makeSigningKey(kid);
  made.set(kid, key);
  return key;
}

async function makeSigningKey(kid: string): Promise<TenantKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const named = { kid, alg: "RS256", use: "sig" };
  return {
    privateKey,
    jwk: { ...(await exportJWK(privateKey)), ...named },
    published: { ...(await exportJWK(publicKey)), ...named },
  };
}
