/** Every viewer sends its own token, no cell holds a part of one, and a token that cannot be made is left out. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWK } from "jose";
import { application as bookinfo } from "../../../../../application";
import { cellOf, planCells } from "../../../../../commands/verify/plan/cells";
import { allCredentials } from "../../../../../commands/verify/tokens/credentials";
import { httpClient } from "../../../../../lib/http";
import type { AllCredentials } from "../../../../../commands/verify/tokens/credentials";
import type { StackOutputs } from "../../../../../commands/stack/outputs";
import type { Issued } from "../../../../../commands/verify/tokens/tokens";
import { vantagePoints } from "../../../../../commands/verify/plan/vantages";
import { viewersOf } from "../../../../../commands/verify/plan/viewers";
import { authentication, routing, viewers } from "../support/stack";

const live = new AbortController().signal;
const user = "user@bookinfo.example";
const moderator = "moderator@bookinfo.example";
const issuer = "https://tenant.example/";

let outputs: StackOutputs;
let privateJwk: JWK;
let genuine: Map<string, Issued>;
let credentials: AllCredentials;

const issuedTo = (name: string): string => genuine.get(name)?.accessToken ?? "";

before(async () => {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const named = { kid: "active", alg: "RS256" };
  privateJwk = { ...(await exportJWK(privateKey)), ...named };
  const keys = [{ ...(await exportJWK(publicKey)), ...named }];
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  server.unref().listen(0, "127.0.0.1");
  await once(server, "listening");
  const token = (sub: string, aud: string) =>
    new SignJWT({ sub, aud, iss: issuer })
      .setProtectedHeader({ ...named, typ: "JWT" })
      .sign(privateKey);
  const people = viewers.users.map(async ({ email }): Promise<[string, Issued]> => [
    email,
    { accessToken: await token(email, "api"), idToken: await token(email, "web") },
  ]);
  const machines = viewers.machines.map(async ({ name }): Promise<[string, Issued]> => [
    `${name} (machine)`,
    { accessToken: await token(name, "api") },
  ]);
  genuine = new Map(await Promise.all([...people, ...machines]));
  outputs = {
    gatewayUrl: "http://localhost:8080",
    issuer,
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    audience: "https://bookinfo.io",
    permissionsClaim: ["permissions"],
    authentication,
    clientIds: { web: "web", machines: {} },
    clientSecrets: { web: "", machines: {} },
    userPasswords: {},
    kubeconfig: "",
    viewers,
    routing,
    accepted: [],
  };
  const signingKeys = new Map([["active", privateJwk]]);
  credentials = await allCredentials(
    bookinfo,
    outputs,
    genuine,
    new Map(),
    httpClient(),
    live,
    signingKeys,
  );
});

test("everybody has something to send, and what is sent is shown with a word for each token", () => {
  const everyone = viewersOf(bookinfo, outputs).map(({ name }) => name);
  assert.deepEqual(new Set(credentials.keys()), new Set(everyone));
  assert.deepEqual(credentials.get("anonymous"), {
    sent: { headers: {} },
    shown: { headers: {} },
    words: new Map(),
  });
  const word = `[token of ${user}]`;
  assert.deepEqual(credentials.get(user), {
    sent: { headers: { authorization: `Bearer ${issuedTo(user)}` } },
    shown: { headers: { authorization: `Bearer ${word}` } },
    words: new Map([[issuedTo(user), word]]),
  });
});

test("what is presented otherwise is the token of who may do everything, and the tampered one", () => {
  const whole = issuedTo(moderator);
  const [tampered = ""] = credentials.get("tampered token")?.words.keys() ?? [];
  const two = credentials.get("two Authorization headers");
  const words = [`[token of ${moderator}]`, "[token of tampered token]"];
  assert.deepEqual(two?.sent.headers.authorization, [`Bearer ${whole}`, `Bearer ${tampered}`]);
  assert.deepEqual(
    two.shown.headers.authorization,
    words.map((word) => `Bearer ${word}`),
  );
  const inQuery = credentials.get("token in ?access_token=");
  assert.equal(inQuery?.sent.query, `access_token=${whole}`);
  assert.equal(inQuery.shown.query, `access_token=${words[0] ?? ""}`);
});

test("no report may hold what was made of a token either: its payload, a Basic password", () => {
  const whole = issuedTo(moderator);
  const wordFor = (viewer: string, sent: string) => credentials.get(viewer)?.words.get(sent);
  const word = `[token of ${moderator}]`;
  const payload = whole.split(".")[1] ?? "";
  assert.equal(wordFor("spoofed identity headers", payload), word);
  assert.equal(wordFor("token as Basic password", btoa(`user:${whole}`)), btoa(`user:${word}`));
});

test("in no cell of the plan there is a token, nor a part of one; in the requests there are", () => {
  const address = { name: "details-v1", address: "10.0.0.1" };
  const vantages = vantagePoints(
    bookinfo,
    outputs.gatewayUrl,
    moderator,
    new Map([["details", [address]]]),
  );
  const planned = planCells(bookinfo, vantages, viewersOf(bookinfo, outputs), credentials, outputs);
  // As in the plan of a whole stack, but for five other pods with fourteen targets each.
  assert.equal(planned.length, 1264 - 5 * 14);
  const secrets = [...credentials.values()].flatMap(({ words }) => [...words.keys()]);
  const parts = new Set(secrets.flatMap((secret) => [secret, ...secret.split(".")]));
  parts.delete("");
  const cells = JSON.stringify(planned.map(cellOf));
  const requests = JSON.stringify(planned.map(({ request }) => request));
  assert.deepEqual(
    [...parts].filter((part) => cells.includes(part)),
    [],
  );
  assert.deepEqual(
    [...genuine.values()].filter(({ accessToken }) => !requests.includes(accessToken)),
    [],
  );
  assert.ok(planned.every(({ request }) => request !== undefined));
});

test("without the tenant's key, or somebody who may do everything, what needs it is missing", async () => {
  const missing = async (issued: typeof genuine, given?: ReadonlyMap<string, JWK>) => {
    const had = await allCredentials(
      bookinfo,
      outputs,
      issued,
      new Map(),
      httpClient(),
      live,
      given,
    );
    const others = viewersOf(bookinfo, outputs).filter(({ name }) => !had.has(name));
    return others.map(({ name, needs }) => `${name}: ${needs ?? ""}`);
  };
  const keyless = await missing(genuine);
  assert.equal(keyless.length, 17);
  assert.ok(keyless.every((line) => line.endsWith(": the tenant's own key")));
  const others = new Map([...genuine].filter(([name]) => name !== moderator));
  const needing = [
    "tampered token",
    "bearer in lower case",
    "token in ?access_token=",
    "token in a cookie",
    "token as Basic password",
    "spoofed identity headers",
    "Basic, then Bearer",
    "two Authorization headers",
  ];
  assert.deepEqual(await missing(others, new Map([["active", privateJwk]])), [
    `${moderator}: `,
    ...needing.map((name) => `${name}: a user or machine with every permission`),
  ]);
});
