/** A user store is reported for weak passwords, sign-ups, no brute-force protection, scripts or another strategy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { auth0Connection } from "../../../../policies/rules/auth0-connection";
import { type Given, judged, notKnown } from "../judged";

const good = { passwordPolicy: "good", disableSignup: true, bruteForceProtection: true };

const connection = (options: object = {}, strategy = "auth0"): Given => ({
  type: "auth0:index/connection:Connection",
  name: "users",
  inputs: { strategy, options: { ...good, ...options } },
});

const is = (path: string, value: string, write: string, verb: "is" | "has" = "is") => ({
  where: `${path} of Connection users`,
  [verb]: value,
  write,
  resource: "users",
});
const option = (path: string, value: string, write: string, verb: "is" | "has" = "is") =>
  is(`options.${path}`, value, write, verb);
const policies = '"good" or "excellent"';

test("a user store with a good password policy and no sign-ups passes", async () => {
  assert.deepEqual(await judged(auth0Connection, [connection()]), []);
  const better = { passwordPolicy: "excellent", passwordComplexityOptions: { minLength: 12 } };
  assert.deepEqual(await judged(auth0Connection, [connection(better)]), []);
});

test("each weakening by itself is found", async () => {
  const cases = [
    [{ passwordPolicy: "fair" }, option("passwordPolicy", '"fair"', policies)],
    [{ passwordPolicy: "none" }, option("passwordPolicy", '"none"', policies)],
    [{ disableSignup: false }, option("disableSignup", "false", "true")],
    [{ bruteForceProtection: false }, option("bruteForceProtection", "false", "true")],
    [
      { passwordComplexityOptions: { minLength: 4 } },
      option("passwordComplexityOptions.minLength", "4", "at least 8"),
    ],
    [
      { enabledDatabaseCustomization: true },
      option("enabledDatabaseCustomization", "true", "false"),
    ],
    [
      { customScripts: { login: "const password = 'of the database';" } },
      option("customScripts", '["login"]', "none", "has"),
    ],
  ] as const;
  for (const [options, expected] of cases)
    assert.deepEqual(await judged(auth0Connection, [connection(options)]), [expected]);
});

test("the newer password options are judged by their own length", async () => {
  const newer = (passwordOptions: object): Given => ({
    ...connection(),
    inputs: {
      strategy: "auth0",
      options: { disableSignup: true, bruteForceProtection: true, passwordOptions },
    },
  });
  const length = "passwordOptions.complexity.minLength";
  assert.deepEqual(await judged(auth0Connection, [newer({ complexity: { minLength: 15 } })]), []);
  assert.deepEqual(await judged(auth0Connection, [newer({})]), [
    option(length, "nothing", "at least 8"),
  ]);
});

test("what is not said is Auth0's default, which is none to build on: everything is found at once", async () => {
  const bare = { ...connection(), inputs: { strategy: "auth0" } };
  assert.deepEqual(await judged(auth0Connection, [bare]), [
    option("passwordPolicy", "nothing", policies),
    option("disableSignup", "nothing", "true"),
    option("bruteForceProtection", "nothing", "true"),
  ]);
});

test("what is not known yet does not pass", async () => {
  const value = "a value that is not known before the update";
  const changes = { passwordPolicy: notKnown, customScripts: notKnown };
  assert.deepEqual(await judged(auth0Connection, [connection(changes)]), [
    option("passwordPolicy", value, policies),
    option("customScripts", value, "none", "has"),
  ]);
  assert.deepEqual(await judged(auth0Connection, [connection({}, notKnown)]), [
    is("strategy", value, '"auth0"'),
  ]);
});

test("users come from nowhere else, unless the configuration says so", async () => {
  const social = connection({}, "google-oauth2");
  assert.deepEqual(await judged(auth0Connection, [social]), [
    is("strategy", '"google-oauth2"', '"auth0"'),
  ]);
  const settings = { strategies: ["auth0", "google-oauth2"] };
  assert.deepEqual(await judged(auth0Connection, [social], settings), []);
});

test("the configuration says how good passwords are, and whether sign-ups and scripts may be", async () => {
  const settings = {
    minimumPasswordPolicy: "excellent",
    minimumPasswordLength: 12,
    allowSignup: true,
    allowCustomScripts: true,
  };
  const open = {
    disableSignup: false,
    enabledDatabaseCustomization: true,
    customScripts: { login: "" },
    passwordComplexityOptions: { minLength: 10 },
  };
  assert.deepEqual(await judged(auth0Connection, [connection(open)], settings), [
    option("passwordPolicy", '"good"', '"excellent"'),
    option("passwordComplexityOptions.minLength", "10", "at least 12"),
  ]);
});
