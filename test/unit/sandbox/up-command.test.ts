/** What a sandbox says to run keeps the settings that it was brought up with, and tells none that may be a secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { writePrivate } from "../../../lib/files";
import { unfinishedUpdate, updating } from "../../../sandbox/last-update";
import { layout } from "../../../sandbox/layout";
import {
  commandOf,
  rememberSettings,
  upCommandOf,
  upCommandWith,
} from "../../../sandbox/up-command";
import { temporaryFolder } from "../local/images/reading";

const sandbox = () => layout({ XDG_STATE_HOME: temporaryFolder() }, "/clone");

test("a mode's heading is the command that brings it up alone, as a shell takes it", () => {
  assert.equal(commandOf([], { place: "" }), "npm run sandbox -- up");
  assert.equal(
    commandOf(["authentication.at=gateway", 'authentication.issuers=[{"a":"b c"}]'], {
      place: "examples/a",
    }),
    `npm run sandbox -- up --project examples/a --set authentication.at=gateway --set 'authentication.issuers=[{"a":"b c"}]'`,
  );
});

test("the command is that of the last up, and of one without settings the shortest", () => {
  const places = sandbox();
  assert.equal(upCommandOf(places), "npm run sandbox");
  rememberSettings(places, ["login.at=gateway"]);
  assert.equal(upCommandOf(places), "npm run sandbox -- up --set login.at=gateway");
  writePrivate(updating(places), "");
  assert.equal(
    unfinishedUpdate(places),
    'runs, or was interrupted: "npm run sandbox -- up --set login.at=gateway" finishes it',
  );
  rememberSettings(places, []);
  assert.equal(upCommandOf(places), "npm run sandbox");
});

test("a setting that may be a secret is named without its value", () => {
  const set = ["identity.clientSecret=hush", "identity.users[0].password=hush", "login.at=gateway"];
  const said = upCommandWith([...set, 'identity={"clientSecret":"hush"}'], { place: "" });
  assert.equal(said.includes("hush"), false);
  assert.ok(said.includes("--set 'identity.clientSecret=…'"), said);
  assert.ok(said.includes("--set login.at=gateway"), said);
});
