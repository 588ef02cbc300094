/** `status` says what does not run, and where everything is, in two columns. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { writePrivate } from "../../../lib/files";
import { status } from "../../../sandbox/commands";
import { updating } from "../../../sandbox/last-update";
import { layout } from "../../../sandbox/layout";
import { workingCopy } from "../../../sandbox/working-copy";
import { temporaryFolder } from "../local/images/reading";

test("what does not run, an update that did not finish, and the places", async (context) => {
  const places = layout({ XDG_STATE_HOME: temporaryFolder() });
  writePrivate(updating(places), "");
  writePrivate(
    workingCopy(places),
    `config:
  istio-auth0:gateway: { url: "http://localhost:8080" }
  istio-auth0:identity: { domain: "tenant.localhost:8443" }
`,
  );
  const lines = context.mock.method(console, "log", () => undefined);
  const written = context.mock.method(process.stdout, "write", () => true);
  const code = await status(places);
  const texts = (calls: readonly { readonly arguments: readonly unknown[] }[]) =>
    calls.map(({ arguments: [text] }) => String(text));
  const [said, told] = [texts(lines.mock.calls), texts(written.mock.calls).join("")];
  lines.mock.restore();
  written.mock.restore();
  assert.equal(code, 1);
  assert.deepEqual(said.slice(0, 2), ["the node    does not run", "the tenant  does not run"]);
  assert.match(said[2] ?? "", /^last update runs, or was interrupted: /);
  assert.equal(
    told,
    `
Bookinfo    http://localhost:8080/productpage
Tenant      https://tenant.localhost:8443/
Kubeconfig  ${join(places.node, "kubeconfig")}
Passwords   echo 'pulumi stack output userPasswords --show-secrets' | npm run -s sandbox -- shell
Clean up    npm run sandbox -- down
`,
  );
});
