/** An error event of Pulumi's engine becomes one line, with the setting that it is about; other events become none. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { commandIn } from "../../../local/toolchain/automation";
import { complaintIn, signalIn, warningIn, withReasons } from "../../../sandbox/complaints";
import { temporaryFolder } from "../local/images/reading";

const base = "urn:pulumi:sandbox::istio-auth0";
for (const [about, event, complaint] of [
  [
    "what a setting names",
    {
      severity: "error",
      message: "resource 'default/x' does not exist\n",
      urn: `${base}::kubernetes:core/v1:Secret::gateway.tls.secret`,
    },
    "gateway.tls.secret: resource 'default/x' does not exist",
  ],
  [
    "anything else",
    {
      severity: "error",
      message: "no",
      urn: `${base}::auth0:index/user:User::identity-user-a@b.c`,
    },
    "no",
  ],
  [
    "a field of another manager's",
    {
      severity: "error",
      message: `1 error occurred:
    \t* the Kubernetes API server reported that "bookinfo/details-v1" failed to fully initialize or become live: server-side apply field conflict detected, see https://www.pulumi.com/registry/ for troubleshooting help
The resource managed by field manager "pulumi-kubernetes-1" had an apply conflict: Apply failed with 2 conflicts: conflicts with "kubectl" with subresource "scale" using apps/v1:
- .spec.replicas
- .spec.paused\n\n`,
      urn: `${base}::kubernetes:core/v1:Namespace$kubernetes:apps/v1:Deployment::details-v1`,
    },
    'Deployment details-v1: others own what the stack sets, conflicts with "kubectl" with subresource "scale" using apps/v1: - .spec.replicas - .spec.paused: change it back as it was changed, or take it over by the same command with PULUMI_K8S_ENABLE_PATCH_FORCE=true in its environment',
  ],
  ["the program", { severity: "error", message: "no" }, "no"],
  ["nothing of its own", { severity: "error", message: "update failed" }, undefined],
  ["no error", { severity: "warning", message: "no" }, undefined],
] as const) {
  test(`an error of the engine's about ${about}`, () => {
    assert.equal(complaintIn(event), complaint);
  });
}

test("a warning of the engine's is what it says, and nothing else is one", () => {
  assert.equal(
    warningIn({ severity: "warning", message: "no role holds audit:tickets\n" }),
    "no role holds audit:tickets",
  );
  for (const severity of ["error", "info", "info#err"] as const)
    assert.equal(warningIn({ severity, message: "no" }), undefined);
  assert.equal(warningIn(undefined), undefined);
});

test("a resource that is there and not ready is one line, with its kind and its reasons", () => {
  const message =
    "Refreshed resource is in an unhealthy state:\n* 0 of 1 pods are available\n* pod web-1: container web: CrashLoopBackOff\n";
  assert.equal(
    warningIn({ severity: "warning", message, urn: `${base}::kubernetes:apps/v1:Deployment::web` }),
    "Deployment web is not ready: 0 of 1 pods are available; pod web-1: container web: CrashLoopBackOff",
  );
});

test("why pods do not start follows the engine's message, instead of the states that it has for them", () => {
  const message = `1 error occurred:
 * ReplicaSet "cart-5bd4" has timed out progressing.
3 errors occurred:
 * ReplicaSet "web-7ddd" has timed out progressing.
 * pod web-1: container web: CrashLoopBackOff: back-off 40s restarting failed container=web
 * pod web-2: container web: ImagePullBackOff`;
  const reason =
    "shop/web-1 does not start: web last ended with 3, which ends with:\n  no database";
  assert.equal(
    withReasons(message, [reason]),
    `ReplicaSet "cart-5bd4" has timed out progressing.
ReplicaSet "web-7ddd" has timed out progressing.
pod web-2: container web: ImagePullBackOff
${reason}`,
  );
  assert.equal(withReasons(message, []), message);
});

for (const [how, script, signal] of [
  ["is killed", "kill -9 $$", "SIGKILL"],
  ["fails", "echo 'error: was killed' >&2; exit 255", undefined],
] as const) {
  test(`an engine that ${how} is said to have ended by ${signal ?? "no signal"}`, async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    const workspace = await LocalWorkspace.create({
      workDir: folder,
      pulumiCommand: commandIn(folder),
    });
    await assert.rejects(workspace.whoAmI(), (error) => {
      assert.equal(signalIn(error), signal);
      return true;
    });
  });
}
