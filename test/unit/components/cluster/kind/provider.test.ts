/** The provider makes and deletes its own kind cluster alone, leaves nothing of a failed one, and says what failed. */
import assert from "node:assert/strict";
import { afterEach, before, beforeEach, describe, test } from "node:test";
import type { KindInputs } from "../../../../../components/cluster/kind/provider";
import { type Provider, StandIn, storedProvider } from "./stand-in";

const name = "istio-auth0";
const inputs: KindInputs = {
  name,
  configuration: {
    networking: { apiServerAddress: "127.0.0.1", apiServerPort: 6550 },
    nodes: [{ role: "control-plane" }],
  } as KindInputs["configuration"],
  image: "kindest/node:v1@sha256:0",
  adopt: false,
};

const daemonDown = {
  says: `ERROR: failed to list clusters: command "docker ps -a" failed with error: exit status 1

Command Output: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
`,
};

let kind: StandIn;
let provider: Provider;
let earlier: Awaited<ReturnType<typeof made>>;

before(async () => {
  const elsewhere = new StandIn();
  provider = await storedProvider(elsewhere.folder);
  earlier = await made();
  elsewhere.remove();
});
beforeEach(() => {
  kind = new StandIn();
});
afterEach(() => {
  // In each case the user's kubeconfig was not touched and no temporary file is left.
  const { isTidy } = kind;
  kind.remove();
  assert.ok(isTidy, "a file of the user's was changed, or a temporary one left");
});

/** A cluster that the provider made. */
async function made(given: KindInputs = inputs) {
  const { id, outs } = await provider.create(given);
  assert.ok(outs);
  return { id: id, outs };
}

/** A cluster that the provider made earlier, for a test that does not ask how: each of kind's commands takes a process. */
function standing(): typeof earlier {
  kind.putBack(name, earlier.outs.kubeconfig);
  return earlier;
}

/** The one line that a failure says; Pulumi prints the stack too, so there is none. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it did not fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  assert.equal(error.stack, "");
  assert.ok(!error.message.includes("\n"), error.message);
  return error.message;
}

describe("create", () => {
  test("makes a cluster of the configuration and image, and reads its kubeconfig", async () => {
    // What Pulumi adds to the inputs is not handed on.
    const { id, outs } = await made({ ...inputs, ...{ __provider: "code" } });
    assert.equal(id, name);
    assert.deepEqual(kind.clusters, [name]);
    assert.deepEqual(JSON.parse(kind.read(name, "configuration")), inputs.configuration);
    const { instanceId, kubeconfig, ...rest } = outs;
    assert.deepEqual(rest, inputs);
    assert.match(instanceId, /^[0-9a-f-]{36}$/);
    assert.equal(kubeconfig, kind.read(name, "kubeconfig"));

    const [listed, created, asked] = kind.calls;
    assert.ok(created);
    assert.deepEqual(listed?.args, ["get", "clusters"]);
    assert.deepEqual(created.args, [
      ...["create", "cluster", "--name", name, "--image", inputs.image, "--wait", "5m"],
      ...["--config", "-", "--kubeconfig", created.kubeconfig],
    ]);
    assert.deepEqual(asked?.args, ["get", "kubeconfig", "--name", name]);
    assert.equal(kind.calls.length, 3);
  });

  test("keeps the kubeconfig that kind writes in a file and folder for its owner alone", async () => {
    await made();
    const created = kind.calls.find(({ args }) => args[0] === "create");
    assert.ok(created);
    assert.ok(created.kubeconfig.startsWith(kind.temporary));
    assert.deepEqual(created.modes, [0o700, 0o600]);
  });

  test("shows no command the user's own kubeconfig", async () => {
    const { id, outs } = await made();
    await provider.delete(id, outs);
    const shown = kind.calls.map(({ environment }) => environment);
    assert.equal(shown.length, 6);
    assert.equal(new Set(shown).size, 6);
    assert.ok(shown.every((file) => file.startsWith(kind.temporary)));
  });

  test("names each cluster that it makes by another instance", async () => {
    const first = standing();
    await provider.delete(first.id, first.outs);
    const second = await made();
    assert.notEqual(first.outs.instanceId, second.outs.instanceId);
  });

  test("refuses a cluster that is there", async () => {
    kind.put(name, "theirs");
    assert.equal(
      await refusal(provider.create(inputs)),
      'The kind cluster "istio-auth0" is there already, and this stack did not make it: delete it (kind delete cluster --name istio-auth0), choose another cluster.name, or take it over by cluster.adopt.',
    );
    assert.deepEqual(kind.commands, ["get clusters"]);
    assert.deepEqual(kind.clusters, [name]);
  });

  for (const other of ["istio-auth0-2", "my-istio-auth0", "istio"])
    test(`takes no notice of a cluster called ${other}`, async () => {
      kind.put(other, "theirs");
      await made();
      assert.deepEqual(kind.clusters, [name, other].sort());
    });

  test("takes over a cluster that is there where it may", async () => {
    kind.put(name, "theirs");
    const { outs } = await made({ ...inputs, adopt: true });
    assert.equal(outs.kubeconfig, kind.read(name, "kubeconfig"));
    assert.match(outs.instanceId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(kind.commands, ["get clusters", "get kubeconfig"]);
  });

  test("makes a cluster where it may take one over and there is none", async () => {
    await made({ ...inputs, adopt: true });
    assert.deepEqual(kind.commands, ["get clusters", "create cluster", "get kubeconfig"]);
  });

  test("takes over no cluster that listens elsewhere", async () => {
    kind.put(name, "theirs", "https://127.0.0.1:41234");
    assert.equal(
      await refusal(provider.create({ ...inputs, adopt: true })),
      'Cannot take over the kind cluster "istio-auth0": its API server is at https://127.0.0.1:41234, not at https://127.0.0.1:6550. Set cluster.apiServerPort, or delete it (kind delete cluster --name istio-auth0).',
    );
    assert.deepEqual(kind.clusters, [name]);
  });

  const raced = {
    "create cluster": {
      says: `ERROR: failed to create cluster: node(s) already exist for a cluster with the name "${name}"\n`,
      leaves: true,
    },
  };
  test("deletes no cluster that another program made first", async () => {
    kind.fail(raced);
    assert.match(await refusal(provider.create(inputs)), /^The kind cluster .* is there already/);
    assert.deepEqual(kind.clusters, [name]);
    assert.ok(!kind.commands.includes("delete cluster"));
  });

  test("takes over a cluster that another program made first, if it may", async () => {
    kind.fail(raced);
    const { outs } = await made({ ...inputs, adopt: true });
    assert.equal(outs.kubeconfig, kind.read(name, "kubeconfig"));
  });

  test("leaves nothing of a cluster that failed half-way", async () => {
    kind.fail({
      "create cluster": {
        says: `ERROR: failed to create cluster: command "docker run --name x" failed with error: exit status 125
Command Output: 5d1c
docker: Error response from daemon: Bind for 127.0.0.1:8080 failed: port is already allocated.
Run 'docker run --help' for more information
`,
        leaves: true,
      },
    });
    assert.equal(
      await refusal(provider.create(inputs)),
      'Cannot create the kind cluster "istio-auth0": docker: Error response from daemon: Bind for 127.0.0.1:8080 failed: port is already allocated. Another program has a port of 127.0.0.1 that the cluster needs: stop it, or change cluster.apiServerPort or gateway.url.',
    );
    assert.deepEqual(kind.clusters, []);
  });

  test("leaves nothing of a cluster whose kubeconfig cannot be read", async () => {
    kind.fail({ "get kubeconfig": { says: "ERROR: no such node\n" } });
    assert.equal(
      await refusal(provider.create(inputs)),
      'Cannot read the kubeconfig of the kind cluster "istio-auth0": no such node.',
    );
    assert.deepEqual(kind.clusters, []);
  });

  test("says what is left where that cannot be deleted", async () => {
    kind.fail({
      "create cluster": { says: "ERROR: failed to create cluster: out of luck\n", leaves: true },
      "delete cluster": { says: "ERROR: still out of luck\n" },
    });
    assert.equal(
      await refusal(provider.create(inputs)),
      'Cannot create the kind cluster "istio-auth0": failed to create cluster: out of luck. What it left could not be deleted: run kind delete cluster --name istio-auth0.',
    );
  });
});

describe("diff", () => {
  test("sees no change if there is none, in any order of the keys", async () => {
    const { id, outs } = standing();
    const { networking, ...rest } = inputs.configuration;
    const news = { ...inputs, configuration: { ...rest, networking } };
    assert.deepEqual(await provider.diff(id, outs, news), {
      changes: false,
      replaces: [],
      deleteBeforeReplace: true,
    });
  });

  test("takes no notice of adopt, which counts at creation", async () => {
    const { id, outs } = standing();
    const { changes } = await provider.diff(id, outs, { ...inputs, adopt: true });
    assert.equal(changes, false);
  });

  const { networking } = inputs.configuration;
  for (const [what, changed] of Object.entries({
    name: { name: "another" },
    image: { image: "kindest/node:v2@sha256:1" },
    configuration: {
      configuration: {
        ...inputs.configuration,
        networking: { ...networking, apiServerPort: 6551 },
      },
    },
  }))
    test(`replaces a cluster of another ${what}, the old one first`, async () => {
      const { id, outs } = standing();
      assert.deepEqual(await provider.diff(id, outs, { ...inputs, ...changed }), {
        changes: true,
        replaces: [what],
        deleteBeforeReplace: true,
      });
    });

  const lost = { changes: true, replaces: ["instanceId"], deleteBeforeReplace: true };
  test("replaces a cluster that is gone", async () => {
    const { id, outs } = standing();
    kind.take(name);
    kind.put(`${name}-2`, "theirs");
    assert.deepEqual(await provider.diff(id, outs, inputs), lost);
  });

  test("replaces a cluster that was made again under its name", async () => {
    const { id, outs } = standing();
    kind.take(name);
    kind.put(name, "theirs");
    assert.deepEqual(await provider.diff(id, outs, inputs), lost);
  });

  test("leaves a cluster whose nodes do not run", async () => {
    const { id, outs } = standing();
    kind.fail({ "get kubeconfig": { says: "ERROR: container is not running\n" } });
    assert.equal((await provider.diff(id, outs, inputs)).changes, false);
  });
});

describe("read", () => {
  test("finds a cluster that is there, as it was", async () => {
    const { id, outs } = standing();
    assert.deepEqual(await provider.read(id, outs), { id, props: outs });
  });

  test("finds no cluster that is gone", async () => {
    const { id, outs } = standing();
    kind.take(name);
    assert.deepEqual(await provider.read(id, outs), {});
  });

  test("finds no cluster that somebody made anew under its name", async () => {
    const { id, outs } = standing();
    kind.take(name);
    kind.put(name, "theirs");
    assert.deepEqual(await provider.read(id, outs), {});
  });
});

describe("delete", () => {
  test("may be repeated", async () => {
    const { id, outs } = standing();
    kind.put(`${name}-2`, "theirs");
    await provider.delete(id, outs);
    assert.deepEqual(kind.clusters, [`${name}-2`]);
    await provider.delete(id, outs);
    assert.deepEqual(kind.clusters, [`${name}-2`]);
    assert.equal(kind.commands.filter((command) => command === "delete cluster").length, 1);
  });

  test("leaves a cluster that was made again under its name", async () => {
    const { id, outs } = standing();
    kind.take(name);
    kind.put(name, "theirs");
    await provider.delete(id, outs);
    assert.deepEqual(kind.clusters, [name]);
  });

  test("deletes a cluster whose nodes do not run", async () => {
    const { id, outs } = standing();
    kind.fail({ "get kubeconfig": { says: "ERROR: container is not running\n" } });
    await provider.delete(id, outs);
    assert.deepEqual(kind.clusters, []);
  });

  test("says why it cannot", async () => {
    const { id, outs } = standing();
    kind.fail({ "delete cluster": { says: "ERROR: out of luck\n" } });
    assert.equal(
      await refusal(provider.delete(id, outs)),
      'Cannot delete the kind cluster "istio-auth0": out of luck.',
    );
    assert.deepEqual(kind.clusters, [name]);
  });
});

describe("what the machine lacks", () => {
  const steps: Readonly<Record<string, (id: string, outs: KindInputs) => Promise<unknown>>> = {
    create: (_id, outs) => provider.create(outs),
    diff: (id, outs) => provider.diff(id, outs as never, outs),
    read: (id, outs) => provider.read(id, outs as never),
    delete: (id, outs) => provider.delete(id, outs as never),
  };
  for (const [step, take] of Object.entries(steps)) {
    test(`${step} without kind says so`, async () => {
      kind.uninstall();
      assert.equal(
        await refusal(take(name, inputs)),
        "The kind command is not on PATH: install it (https://kind.sigs.k8s.io/docs/user/quick-start), or choose another cluster.kind.",
      );
    });

    test(`${step} without Docker running says so`, async () => {
      kind.fail({ "get clusters": daemonDown });
      assert.equal(
        await refusal(take(name, inputs)),
        "Cannot list the kind clusters: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running? Docker does not run: start it.",
      );
    });
  }
});
