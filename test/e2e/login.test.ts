/**
 * Every login from end to end: at the gateway, optional and required, with sessions in Redis and in cookies, by HTTP and
 * HTTPS; in the application; with a tenant and with a plain provider. Then what goes wrong, each time with a clear end
 * and no access.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, it } from "node:test";
import { eventually } from "./clients";
import { loginInApplication } from "./login/application";
import { sessionsInCookies } from "./login/cookies";
import { fixation } from "./login/fixation";
import { askByHttp, httpsSettings, loginByHttps } from "./login/https";
import { outages } from "./login/outages";
import { requiredLogin } from "./login/required";
import { sessionsInRedis } from "./login/sessions";
import { endsAtTenant, endsWithoutSession, otherSitesSignNoOneOut } from "./login/sign-in";
import { Stand, start } from "./login/stand";
import { namesOfTheLogin } from "./login/taken";
import { onItsOwn } from "./visitor";

describe("a login", { timeout: 60 * 60_000 }, () => {
  const stand = new Stand();

  describe("at the gateway, optional, with sessions in Redis", () => {
    before(() => stand.up("login.at=gateway", "login.refresh=10s"));

    endsAtTenant(stand);
    endsWithoutSession(stand, 403);
    fixation(stand, {
      name: "bookinfo",
      signedOut: 403,
      begins: [start, "/oauth2/start", "/oauth2/sign_in", `${start}%3Fu%3D1`],
    });
    otherSitesSignNoOneOut(stand);
    namesOfTheLogin(stand);
    sessionsInRedis(stand);
    outages(stand);

    it("tells no script of a page the session's token", async () => {
      const visitor = await stand.signedIn();
      const cookie = await visitor.jar.getCookieString(stand.outputs.gatewayUrl);
      for (const path of ["/oauth2/auth", "/oauth2/userinfo", "/oauth2/other", "/productpage"]) {
        const { headers, status } = await stand.fetch(stand.at(path), {
          headers: { ...onItsOwn, cookie },
        });
        assert.equal(headers.get("authorization"), null, path);
        assert.equal(status, path === "/productpage" ? 200 : 404, path);
      }
    });

    it("shows no service the cookies", async () => {
      const { headers } = await stand.fetch(stand.at("/productpage"), {
        headers: { ...onItsOwn, cookie: "a=b" },
      });
      assert.equal(headers.get("server"), "istio-envoy");
      const route = await stand.kubectl("-n bookinfo get virtualservice bookinfo -o yaml");
      assert.match(route, /remove:\n\s+- cookie\n/);
    });

    it("takes no route of another namespace, which would get sessions' tokens and cookies", async () => {
      const route = (namespace: string) => ({
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "taken", namespace },
        spec: {
          hosts: ["*"],
          gateways: ["istio-ingress/bookinfo"],
          http: [{ match: [{ uri: { exact: `/${namespace}` } }], directResponse: { status: 200 } }],
        },
      });
      const objects = ["default", "bookinfo"].map((namespace) => JSON.stringify(route(namespace)));
      const kubectl = (verb: string) =>
        stand.shell(`printf '%s\\n---\\n' '${objects.join("' '")}' | kubectl ${verb} -f -`);
      await kubectl("apply");
      try {
        await eventually(60_000, async () => {
          assert.equal(await stand.statusOf(stand.visitor(), "/bookinfo"), 200);
        });
        assert.equal(await stand.statusOf(stand.visitor(), "/default"), 404);
      } finally {
        await kubectl("delete");
      }
    });
  });

  describe("at the gateway, required, with sessions in Redis", () => {
    before(() => stand.up("login.at=gateway", "login.required=true", "login.refresh=10s"));

    requiredLogin(stand, "bookinfo");
    fixation(stand, {
      name: "bookinfo",
      signedOut: 401,
      begins: [start, "/oauth2/start", "/oauth2/sign_in"],
      refused: ["/productpage", "/productpage?u=1"],
    });
  });

  describe("at the gateway, required, with a plain provider and sessions in cookies", () => {
    // Each token names it, so that a session takes more than one cookie.
    const audience = `https://bookinfo.io/${randomBytes(1000).toString("hex")}`;
    before(() =>
      stand.up(
        "login.at=gateway",
        "login.required=true",
        "login.sessions=cookie",
        "identity.kind=oidc",
        `identity.audience=${audience}`,
      ),
    );

    requiredLogin(stand, "bookinfo");
    endsWithoutSession(stand, 401);
    sessionsInCookies(stand);
  });

  // After HTTP with as much required: nothing may be open in between.
  describe("at the gateway, required, by HTTPS, with sessions in cookies", () => {
    const seen = new Set<number>();

    before(async () => {
      const https = await httpsSettings(stand);
      const ended = new AbortController();
      const asking = askByHttp(stand, seen, ended.signal);
      const required = ["login.at=gateway", "login.required=true", "login.sessions=cookie"];
      await stand.up(...required, ...https).finally(() => {
        ended.abort();
      });
      await asking;
    });

    it("lets no request in while HTTP becomes a redirect", () => {
      const said = [...seen].join(", ");
      // To the sign-in at first, and to HTTPS at last.
      assert.ok(seen.has(302) && seen.has(301), said);
      assert.ok(!seen.has(200), said);
    });

    requiredLogin(stand, "__Host-bookinfo");
    loginByHttps(stand);
  });

  describe("in the application", () => {
    before(() => stand.up("login.at=application"));

    loginInApplication(stand);
  });
});
