/** A container or init container that runs as root, gains privileges or shares its node's namespaces is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nonRoot } from "../../../../policies/rules/non-root";
import { judged, notKnown } from "../judged";
import { container, deployment, inContainer, ofDetails } from "../pods";

const is = (field: string, value: string, write: string, where = inContainer) => ({
  where: `${where}.securityContext.${field} ${ofDetails}`,
  is: value,
  write,
  resource: "details",
});
const ofPod = (field: string, value: string, write: string) => ({
  where: `spec.template.spec.${field} ${ofDetails}`,
  is: value,
  write,
  resource: "details",
});
const context = (changes: object) =>
  deployment({ securityContext: { ...container.securityContext, ...changes } });

test("a container without rights passes; what it leaves to its pod counts", async () => {
  const securityContext = { ...container.securityContext, runAsNonRoot: undefined };
  const good = [
    deployment(),
    context({ seLinuxOptions: { level: "s0:c1,c2" }, windowsOptions: { runAsUserName: "app" } }),
    context({ runAsUser: 1000, privileged: false, seccompProfile: { type: "RuntimeDefault" } }),
    deployment({ securityContext }, { securityContext: { runAsNonRoot: true } }),
  ];
  assert.deepEqual(await judged(nonRoot, good), []);
});

test("a container that says nothing is found", async () => {
  assert.deepEqual(await judged(nonRoot, [deployment({ securityContext: undefined })]), [
    is("runAsNonRoot", "nothing", "true"),
    is("allowPrivilegeEscalation", "nothing", "false"),
    is("capabilities.drop", "nothing", '["ALL"]'),
  ]);
});

test("each right by itself is found", async () => {
  const cases = [
    [{ runAsNonRoot: false }, is("runAsNonRoot", "false", "true")],
    [{ runAsUser: 0 }, is("runAsUser", "0", "another user than 0")],
    [{ allowPrivilegeEscalation: true }, is("allowPrivilegeEscalation", "true", "false")],
    [{ privileged: true }, is("privileged", "true", "false")],
    [{ capabilities: { drop: ["NET_RAW"] } }, is("capabilities.drop", '["NET_RAW"]', '["ALL"]')],
    [
      { capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] } },
      is("capabilities.add", '["SYS_ADMIN"]', "nothing"),
    ],
    [{ windowsOptions: { hostProcess: true } }, is("windowsOptions.hostProcess", "true", "false")],
    [
      { seLinuxOptions: { type: "spc_t" } },
      is(
        "seLinuxOptions.type",
        '"spc_t"',
        '"container_t" or "container_init_t" or "container_kvm_t" or "container_engine_t"',
      ),
    ],
    [{ seLinuxOptions: { user: "root" } }, is("seLinuxOptions.user", '"root"', "nothing")],
    [{ procMount: "Unmasked" }, is("procMount", '"Unmasked"', '"Default"')],
    [
      { seccompProfile: { type: "Unconfined" } },
      is("seccompProfile.type", '"Unconfined"', '"RuntimeDefault"'),
    ],
  ] as const;
  for (const [changes, expected] of cases)
    assert.deepEqual(await judged(nonRoot, [context(changes)]), [expected]);
});

test("the pod shares nothing with its node", async () => {
  const pod = {
    hostNetwork: true,
    hostPID: true,
    hostIPC: notKnown,
    volumes: [
      { name: "tmp", emptyDir: {} },
      { name: "root", hostPath: { path: "/" } },
    ],
  };
  assert.deepEqual(await judged(nonRoot, [deployment({}, pod)]), [
    ofPod("hostNetwork", "true", "false"),
    ofPod("hostPID", "true", "false"),
    ofPod("hostIPC", "a value that is not known before the update", "false"),
    ofPod("volumes[1].hostPath", '"/"', "a volume that is not the node's own folder"),
  ]);
});

test("a root user of the pod, an init container and a value that is not known yet are found", async () => {
  assert.deepEqual(await judged(nonRoot, [deployment({}, { securityContext: { runAsUser: 0 } })]), [
    is("runAsUser", "0", "another user than 0"),
  ]);
  const initContainers = [
    { ...container, securityContext: { ...container.securityContext, privileged: true } },
  ];
  assert.deepEqual(await judged(nonRoot, [deployment({}, { initContainers })]), [
    is("privileged", "true", "false", "spec.template.spec.initContainers[0]"),
  ]);
  assert.deepEqual(await judged(nonRoot, [context({ runAsNonRoot: notKnown })]), [
    is("runAsNonRoot", "a value that is not known before the update", "true"),
  ]);
});

test("a pod of Windows' own privileged kind is found", async () => {
  const securityContext = { windowsOptions: { hostProcess: notKnown } };
  assert.deepEqual(await judged(nonRoot, [deployment({}, { securityContext })]), [
    is("windowsOptions.hostProcess", "a value that is not known before the update", "false"),
  ]);
});

test("a profile of system calls is asked for where that is configured", async () => {
  const settings = { requireSeccompProfile: true };
  const seccompProfile = { type: "RuntimeDefault" };
  const good = [
    context({ seccompProfile }),
    deployment({}, { securityContext: { seccompProfile } }),
  ];
  assert.deepEqual(await judged(nonRoot, good, settings), []);
  assert.deepEqual(await judged(nonRoot, [deployment()], settings), [
    is("seccompProfile.type", "nothing", '"RuntimeDefault"'),
  ]);
});

test("a profile without a type, or of a kind that confines nothing, is found", async () => {
  for (const field of ["seccompProfile", "appArmorProfile"])
    for (const [profile, shown] of [
      [{}, "nothing"],
      [notKnown, "a value that is not known before the update"],
      [{ type: "Unconfined" }, '"Unconfined"'],
    ] as const)
      assert.deepEqual(await judged(nonRoot, [context({ [field]: profile })]), [
        is(`${field}.type`, shown, '"RuntimeDefault"'),
      ]);
});

test("a read-only file system is asked for where that is configured", async () => {
  const settings = { requireReadOnlyRootFilesystem: true };
  assert.deepEqual(await judged(nonRoot, [context({ readOnlyRootFilesystem: false })]), []);
  const readOnly = context({ readOnlyRootFilesystem: true });
  assert.deepEqual(await judged(nonRoot, [readOnly], settings), []);
  for (const [value, shown] of [
    [undefined, "nothing"],
    [false, "false"],
    [notKnown, "a value that is not known before the update"],
  ] as const)
    assert.deepEqual(
      await judged(nonRoot, [context({ readOnlyRootFilesystem: value })], settings),
      [is("readOnlyRootFilesystem", shown, "true")],
    );
});

test("each container is asked for a read-only file system, not its pod", async () => {
  const readOnlyRootFilesystem = true;
  const own = { ...container.securityContext, readOnlyRootFilesystem };
  const initContainers = [{ ...container, name: "first" }];
  const pod = deployment({ securityContext: own }, { initContainers });
  const settings = { requireReadOnlyRootFilesystem: true };
  assert.deepEqual(await judged(nonRoot, [pod], settings), [
    is("readOnlyRootFilesystem", "nothing", "true", "spec.template.spec.initContainers[0]"),
  ]);
});

test("capabilities and namespaces are excepted where that is configured", async () => {
  const serving = context({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } });
  const allowedCapabilities = ["NET_BIND_SERVICE"];
  assert.deepEqual(await judged(nonRoot, [serving], { allowedCapabilities }), []);
  const more = context({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "SYS_ADMIN"] } });
  assert.deepEqual(await judged(nonRoot, [more], { allowedCapabilities }), [
    is("capabilities.add", '["NET_BIND_SERVICE","SYS_ADMIN"]', '"NET_BIND_SERVICE"'),
  ]);
  const root = deployment({ securityContext: {} });
  assert.deepEqual(await judged(nonRoot, [root], { exceptNamespaces: ["bookinfo"] }), []);
});
