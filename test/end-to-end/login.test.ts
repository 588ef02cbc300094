/**
 * Every login from end to end: at the gateway, optional and required, with sessions in Redis and in cookies; in the
 * application; with a tenant and with a plain provider. Then what goes wrong, each time with a clear end and no access.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { bookinfo } from "../../components/access";
import { parseOutputs, type StackOutputs } from "../../stack/outputs";
import { trust } from "../../stack/trust";
import { eventually } from "./clients";
import { SandboxCopy } from "./copy";
import { type Page, Visitor } from "./visitor";

const moderator = "moderator@bookinfo.example";
const details = "/api/v1/products/0";

describe("a login", { timeout: 60 * 60_000 }, () => {
  let copy: SandboxCopy;
  let outputs: StackOutputs;

  before(() => {
    copy = new SandboxCopy();
  });

  after(async () => {
    await copy.run("down");
    copy.remove();
  });

  /** Brings the stack up with these settings; every cell has to be as the table says. */
  async function up(...settings: readonly string[]): Promise<void> {
    const { code, out, err } = await copy.runWords(
      "up",
      ...settings.flatMap((one) => ["--set", one]),
    );
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    assert.match(out, /\n\d+ cells, 0 differences, 0 not tried\n/);
    assert.match(out, /\n {2}moderator@bookinfo\.example \(session\) +200 +200 +200 +200 +403\n/);
    const shown = await copy.run("shell", "pulumi stack output --json --show-secrets");
    outputs = parseOutputs(bookinfo, JSON.parse(shown.out));
    trust(outputs.certificateAuthority);
  }

  const at = (path: string) => new URL(path, outputs.gatewayUrl).href;
  const password = () => outputs.userPasswords[moderator] ?? "";
  const credentials = () => ({ email: moderator, password: password() });
  const signedIn = async (start = "/oauth2/start?rd=/productpage") => {
    const visitor = new Visitor();
    const page = await visitor.submit(await visitor.open(at(start)), credentials());
    assert.deepEqual([page.url, page.status], [at("/productpage"), 200], page.way.join(" → "));
    return visitor;
  };
  const statusOf = async (visitor: Visitor, path = details) => (await visitor.ask(at(path))).status;
  const kubectl = async (command: string) => {
    const { code, err, out } = await copy.run("shell", `kubectl ${command}`);
    assert.equal(code, 0, err + out);
  };

  /** Gives the entries of the identity provider another host. */
  const enterProviderAs = (host: string) => {
    const patch = JSON.stringify({ spec: { hosts: [host] } });
    return kubectl(
      `-n login get serviceentry -o name | xargs -n 1 kubectl -n login patch --type=merge -p '${patch}'`,
    );
  };

  describe("at the gateway, optional, with sessions in Redis", () => {
    before(() => up("login.at=gateway"));

    it("gives the page what its person may read, and takes it away at the end, here and at the tenant", async () => {
      const visitor = await signedIn();
      const page = await visitor.open(at("/productpage"));
      assert.ok(page.html.includes("ISBN-10") && page.html.includes("Reviewer1"), page.html);
      const out = await visitor.open(at("/oauth2/sign_out"));
      const end = out.html.includes("op.logoutForm") ? await visitor.submit(out) : out;
      assert.equal(end.url, at("/productpage"), end.way.join(" → "));
      assert.ok(end.html.includes("Error fetching product details"), end.html);
      assert.equal(await statusOf(visitor), 403);
      const again = await visitor.open(at("/oauth2/start?rd=/productpage"));
      assert.ok(again.html.includes('type="password"'), "the tenant signs in without a password");
    });

    it("signs out whoever has no session by showing the page", async () => {
      const page = await new Visitor().open(at("/oauth2/sign_out"));
      assert.deepEqual([page.url, page.status], [at("/productpage"), 200]);
    });

    it("shows no service the cookies", async () => {
      const { headers } = await fetch(at("/productpage"), { headers: { cookie: "a=b" } });
      assert.equal(headers.get("server"), "istio-envoy");
      const { out } = await copy.run(
        "shell",
        "kubectl -n bookinfo get virtualservice bookinfo -o yaml",
      );
      assert.match(out, /remove:\n\s+- cookie\n/);
    });

    it("leads nobody to another host, whatever is asked for", async () => {
      for (const rd of [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
      ]) {
        const visitor = new Visitor();
        const start = at(`/oauth2/start?rd=${encodeURIComponent(rd)}`);
        const page = await visitor.submit(await visitor.open(start), credentials());
        assert.equal(new URL(page.url).origin, outputs.gatewayUrl, page.way.join(" → "));
        const out = await visitor.ask(at(`/oauth2/sign_out?rd=${encodeURIComponent(rd)}`));
        assert.equal(out.location, at("/"));
      }
    });

    it("ends a sign-in with a wrong password, a wrong state, a replayed code and no consent without a session", async () => {
      const visitor = new Visitor();
      const form = await visitor.open(at("/oauth2/start?rd=/productpage"));
      const wrong = await visitor.submit(form, { email: moderator, password: "wrong" });
      assert.match(wrong.html, /Wrong email or password/);

      const page = await visitor.submit(wrong, credentials());
      const callback = page.way.find((url) => url.startsWith(at("/oauth2/callback"))) ?? "";
      const stranger = new Visitor();
      for (const [url, status] of [
        [callback, 403],
        [callback.replace(/state=[^&]*/, "state=abc%3A%2F"), 403],
        [callback.replace(/code=[^&]*/, "code=again"), 403],
        [at("/oauth2/callback?error=access_denied&state=abc"), 403],
        [at("/oauth2/callback"), 500],
      ] as const) {
        assert.equal((await stranger.open(url)).status, status, url);
        assert.equal(await statusOf(stranger), 403, url);
      }
      // The code has been used, by its own browser.
      assert.equal((await visitor.open(callback)).status, 403);
      assert.equal(await statusOf(visitor), 200);
    });

    it("survives a restart of Redis by asking for a new sign-in, and nothing else", async () => {
      const visitor = await signedIn();
      await kubectl("-n login delete pod -l app=redis --wait=true");
      await kubectl("-n login rollout status deploy/redis deploy/oauth2-proxy --timeout=60s");
      await eventually(60_000, async () => {
        assert.equal(await statusOf(visitor), 403);
      });
      const page = await visitor.open(at("/oauth2/start?rd=/productpage"));
      assert.deepEqual([page.url, page.status], [at("/productpage"), 200]);
      assert.equal(await statusOf(visitor), 200);
    });

    it("without the proxy, browsers with cookies wait for it, and machines do not", async () => {
      const visitor = await signedIn();
      await kubectl("-n login scale deploy/oauth2-proxy --replicas=0");
      await eventually(60_000, async () => {
        assert.equal(await statusOf(visitor), 503);
      });
      assert.equal(await statusOf(new Visitor(), "/productpage"), 200);
      const machine = { authorization: `Bearer ${await machineToken("reporting")}` };
      assert.equal((await new Visitor().ask(at(details), undefined, machine)).status, 200);
      await kubectl("-n login scale deploy/oauth2-proxy --replicas=1");
      await kubectl("-n login rollout status deploy/oauth2-proxy --timeout=120s");
      await eventually(60_000, async () => {
        assert.equal(await statusOf(visitor), 200);
      });
    });

    it("reaches the provider by the entry for its own namespace, and nobody else does", async () => {
      const script = `fetch('${outputs.issuer}').then(({status})=>console.log(status),({cause})=>console.log(cause.code))`;
      const { out } = await copy.run(
        "shell",
        `kubectl -n bookinfo exec deploy/productpage-v1 -c productpage -- node -e "${script}"`,
      );
      assert.equal(out.trim(), "ECONNRESET");
      await enterProviderAs("elsewhere.example");
      try {
        // Connections that are there already outlive the entry by a while.
        await eventually(120_000, async () => {
          const visitor = new Visitor();
          const page = await visitor.submit(await visitor.open(at("/oauth2/start")), credentials());
          assert.deepEqual([new URL(page.url).pathname, page.status], ["/oauth2/callback", 500]);
        });
      } finally {
        await enterProviderAs(new URL(outputs.issuer).hostname);
      }
      await eventually(60_000, async () => {
        assert.equal(await statusOf(await signedIn()), 200);
      });
    });

    it("is reached by the gateway alone, and Redis by the proxy alone", async () => {
      for (const [address, expected] of [
        ["http://oauth2-proxy.login:4180/ping", "403"],
        ["http://redis.login:6379/", "reset"],
      ] as const) {
        const script = `fetch('${address}').then(({status})=>console.log(status),()=>console.log('reset'))`;
        const { out } = await copy.run(
          "shell",
          `kubectl -n bookinfo exec deploy/productpage-v1 -c productpage -- node -e "${script}"`,
        );
        assert.equal(out.trim(), expected, address);
      }
    });
  });

  describe("at the gateway, required, with sessions in cookies", () => {
    before(() => up("login.at=gateway", "login.required=true", "login.sessions=cookie"));

    it("leads a page to the sign-in and back, and answers 401 to the API", async () => {
      const visitor = new Visitor();
      assert.equal(await statusOf(visitor), 401);
      const form = await visitor.open(at("/productpage?u=1"));
      const page = await visitor.submit(form, credentials());
      assert.deepEqual([page.url, page.status], [at("/productpage?u=1"), 200]);
    });

    it("gives nobody a 200 who has neither session nor token", async () => {
      for (const path of [
        "/productpage",
        details,
        "/ping",
        "/ready",
        "/robots.txt",
        "/oauth2/auth",
        "/oauth2/userinfo",
      ]) {
        for (const authorization of [undefined, `Basic ${btoa("a:b")}`, "x"]) {
          const headers: Record<string, string> =
            authorization === undefined ? {} : { authorization };
          const { status } = await new Visitor().ask(at(path), undefined, headers);
          assert.ok(status !== 200, `${path} ${authorization ?? "without a header"}: ${status}`);
        }
      }
    });
  });

  describe("at the gateway, with a plain provider and sessions in cookies", () => {
    // Each token names it, so that a session takes more than one cookie.
    const audience = `https://bookinfo.io/${randomBytes(1000).toString("hex")}`;
    before(() =>
      up(
        "login.at=gateway",
        "login.sessions=cookie",
        "identity.kind=oidc",
        `identity.audience=${audience}`,
      ),
    );

    it("keeps a session of more than 4 KB, in several cookies", async () => {
      const visitor = await signedIn();
      const cookies = await visitor.cookies(outputs.gatewayUrl);
      const parts = Object.entries(cookies).filter(([name]) => name.startsWith("bookinfo_"));
      assert.ok(parts.length > 1, Object.keys(cookies).join());
      assert.ok(parts.reduce((size, [, value]) => size + value.length, 0) > 4096);
      assert.equal(await statusOf(visitor), 200);
    });

    it("signs in and out there", async () => {
      const visitor = await signedIn();
      assert.equal(await statusOf(visitor), 200);
      const out = await visitor.open(at("/oauth2/sign_out"));
      const end: Page = out.html.includes("op.logoutForm") ? await visitor.submit(out) : out;
      assert.equal(end.url, at("/productpage"), end.way.join(" → "));
      assert.equal(await statusOf(visitor), 403);
    });
  });

  describe("in the application", () => {
    before(() => up("login.at=application"));

    it("signs in and out, and ends what goes wrong without a session", async () => {
      const visitor = await signedIn("/login");
      assert.equal(await statusOf(visitor), 200);
      const out = await visitor.open(at("/logout"));
      const end = out.html.includes("op.logoutForm") ? await visitor.submit(out) : out;
      assert.equal(end.url, at("/productpage"), end.way.join(" → "));
      assert.equal(await statusOf(visitor), 403);
      for (const path of [
        "/callback",
        "/callback?code=a&state=b",
        "/callback?error=access_denied",
      ]) {
        const { status, html } = await new Visitor().open(at(path));
        assert.equal(status, 403, path);
        assert.match(html, /This sign-in has ended/);
      }
    });
  });

  async function machineToken(machine: string): Promise<string> {
    const response = await fetch(`${outputs.issuer}oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: outputs.clientIds.machines[machine] ?? "",
        client_secret: outputs.clientSecrets.machines[machine] ?? "",
        audience: outputs.audience,
      }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }
});
