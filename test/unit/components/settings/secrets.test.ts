/** A value is never shown where it is a secret, or stands in place of an object or list that holds one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayBeSecret, secretSettings } from "../../../../components/settings/secrets";

test("a value is not shown where it is a secret, or stands where a secret's object or list should be", () => {
  for (const setting of [...secretSettings, "identity", "identity.users", "identity.machines[]"])
    assert.equal(mayBeSecret(setting), true, setting);
  for (const setting of ["identity.clientId", "identity.users[].email", "istio.version"])
    assert.equal(mayBeSecret(setting), false, setting);
});
