/**
 * Both logins in a real browser: what each user's page shows, and what is left of it once the user has signed out.
 * `SCREENSHOTS=docs/screenshots node scripts/run.mjs test/e2e/browser.test.ts` takes README.md's pictures anew.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import type { StackOutputs } from "../../commands/stack/outputs";
import { loaderArguments } from "../support/node";
import { openBrowser } from "./browser/chromium";
import { Person, type Shown } from "./browser/person";
import { outputsOf } from "./clients";
import { sharedSandbox } from "./shared";

const noDetails = "Error fetching product details";
const noReviews = "Error fetching product reviews";

/** What each user's page shows. */
const pages: Readonly<Record<string, Shown>> = {
  "nobody@bookinfo.example": { panes: [noDetails, noReviews], details: false, reviews: false },
  "user@bookinfo.example": { panes: ["Book Details", noReviews], details: true, reviews: false },
  "moderator@bookinfo.example": {
    panes: ["Book Details", "Book Reviews"],
    details: true,
    reviews: true,
  },
};
const anonymous: Shown = { panes: [noDetails, noReviews], details: false, reviews: false };
const moderator = "moderator@bookinfo.example";

/** A user's sign-in and sign-out, as the addresses that the browser requests; the provider's sign-in has an id of its own. */
interface Login {
  readonly signIn: (person: Person) => Promise<void>;
  readonly signOut: (person: Person) => Promise<void>;
  readonly wayIn: readonly string[];
  readonly wayOut: readonly string[];
  /** The page for a user who is refused, and its status. */
  readonly denied: { readonly status: number; readonly heading: string };
}

const home = "/productpage";

const signInAtTenant = [
  "tenant/authorize",
  "tenant/u/login/…",
  "tenant/u/login/…",
  "tenant/authorize/…",
];

/** The folder for pictures, where they are asked for. */
const { SCREENSHOTS: pictures } = process.env;

const logins: Readonly<Record<string, Login>> = {
  gateway: {
    // Bookinfo's own page knows of no login in front of it.
    signIn: (person) => person.open("/oauth2/start?rd=/productpage"),
    signOut: (person) => person.open("/oauth2/sign_out"),
    wayIn: ["/oauth2/start", ...signInAtTenant, "/oauth2/callback", home],
    wayOut: [
      "/oauth2/sign_out",
      "tenant/oidc/logout",
      "tenant/oidc/logout/confirm",
      "/oauth2/signed_out",
      home,
    ],
    denied: { status: 403, heading: "Forbidden" },
  },
  application: {
    signIn: (person) => person.click("Sign in"),
    signOut: (person) => person.click("Sign out"),
    wayIn: ["/login", ...signInAtTenant, "/callback", home],
    wayOut: ["/logout", "tenant/oidc/logout", "tenant/oidc/logout/confirm", "/signed-out", home],
    denied: { status: 403, heading: "You were not signed in" },
  },
};

describe("a real browser", { timeout: 30 * 60_000 }, () => {
  const copy = sharedSandbox();
  let browser: Browser;
  let outputs: StackOutputs;

  before(async () => {
    browser = await openBrowser("MAP *.localhost 127.0.0.1");
  });

  after(() => browser.close());

  /** Somebody whom the browser has never seen, at the book's page. */
  async function arrive(): Promise<Person> {
    const person = await Person.of(browser, outputs);
    await person.open(home);
    assert.deepEqual(await person.shown(), anonymous);
    assert.deepEqual(person.takeWay(), [home]);
    return person;
  }

  const passwordOf = (email: string) => outputs.userPasswords[email] ?? "";

  for (const [at, login] of Object.entries(logins)) {
    describe(`with the login at the ${at}`, () => {
      before(async () => {
        // One version of reviews, which shows stars, so that every page and picture is the same.
        const settings = [`login.at=${at}`, "bookinfo.reviews={v1: 0, v2: 0, v3: 100}"];
        const { code, out, err } = await copy.runWords(
          "up",
          ...settings.flatMap((one) => ["--set", one]),
        );
        assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
        outputs = await outputsOf(copy);
      });

      for (const [email, page] of Object.entries(pages)) {
        it(`shows ${email} what its role may see, and nothing after the sign-out`, async () => {
          const person = await arrive();
          await login.signIn(person);
          await person.submit(email, passwordOf(email));
          assert.deepEqual(person.takeWay(), login.wayIn);
          assert.deepEqual(await person.shown(), page);
          // An address that is not opened again while signed out: what the browser keeps of it would be this user's.
          await person.open(`${home}?only=here`);
          assert.deepEqual(await person.shown(), page);
          assert.deepEqual(person.takeWay(), [home]);

          await login.signOut(person);
          await person.arriveAt(home);
          assert.deepEqual(person.takeWay(), login.wayOut);
          assert.deepEqual(await person.shown(), anonymous);

          await person.back();
          assert.deepEqual([person.place, await person.shown()], [home, anonymous], "Back");
          await person.reload();
          assert.deepEqual(await person.shown(), anonymous);
          assert.deepEqual(person.takeComplaints(), []);

          assert.equal(await person.statusOf("/api/v1/products/0"), 403);
          assert.match(
            person.takeComplaints().join("\n"),
            /^[^\n]* 403 [^\n]*\/api\/v1\/products\/0\)$/,
          );

          // At the provider, too: it asks for the password again.
          await login.signIn(person);
          assert.equal(await person.heading(), "Sign in");
          await person.leave();
        });
      }

      it("says that a password is wrong, and starts no session", async () => {
        const person = await arrive();
        await login.signIn(person);
        await person.submit(moderator, `${passwordOf(moderator)}x`);
        assert.equal(await person.alert(), "Wrong email or password");
        assert.equal(person.status, 400);
        await person.open(home);
        assert.deepEqual(await person.shown(), anonymous);
        await person.leave();
      });

      it("ends a sign-in that the person does not consent to with a page that says so, and starts no session", async () => {
        const person = await arrive();
        await login.signIn(person);
        // The sandbox's tenant asks for no consent; this is where one that does leads who says no.
        await person.open(person.denial().href);
        assert.deepEqual({ status: person.status, heading: await person.heading() }, login.denied);
        assert.equal(await person.statusOf("/api/v1/products/0"), 403);
        await person.open(home);
        assert.deepEqual(await person.shown(), anonymous);
        await person.leave();
      });

      // The application's page is the one with links to sign in and out.
      if (pictures !== undefined && at === "application")
        it("looks as README.md shows it", async () => {
          for (const email of ["user@bookinfo.example", moderator]) {
            const person = await arrive();
            await person.picture(join(pictures, "anonymous.png"));
            await login.signIn(person);
            await person.picture(join(pictures, "sign-in.png"));
            await person.submit(email, passwordOf(email));
            await person.picture(join(pictures, `${email.replace(/@.*/, "")}.png`));
            await person.leave();
          }
        });
    });
  }
});

it("the browser's tests say in one line what they need where Debian cannot be reached", async () => {
  const folder = mkdtempSync(join(tmpdir(), "istio-auth0-browser-"));
  const sources = join(folder, "sources.list");
  const configuration = join(folder, "apt.conf");
  writeFileSync(sources, "deb [trusted=yes] http://127.0.0.1:9/debian bookworm main\n");
  writeFileSync(
    configuration,
    `Dir::Etc::SourceList "${sources}"; Dir::Etc::SourceParts "/dev/null"; Acquire::Retries "0";\n`,
  );
  try {
    const script = `require(${JSON.stringify(join(__dirname, "browser/chromium"))}).openBrowser("").catch(({ message }) => console.log(message))`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...loaderArguments, "--eval", script],
      { env: { ...process.env, XDG_CACHE_HOME: folder, APT_CONFIG: configuration } },
    );
    assert.equal(
      stdout,
      "apt-get cannot download Debian's chromium, fonts-dejavu-core (Unable to locate package fonts-dejavu-core): see that this machine's apt sources are Debian 12's and can be reached\n",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
