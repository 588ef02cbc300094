/**
 * The real kind, built from its Go module, takes the generated configuration as far as to ask Docker for nodes; a
 * stand-in for Docker notes with what, and has none.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  kindConfiguration,
  type KindConfiguration,
} from "../../../../../components/cluster/kind/configuration";
import type { GatewaySettings } from "../../../../../components/config";
import { nodeImage } from "../../../../../components/settings/cluster/kind";

const module = join(__dirname, "module");
const hasGo = spawnSync("go", ["version"]).status === 0;

/** Docker as far as kind needs it until it runs nodes. That fails, and how it was asked for is noted. */
const docker = `#!/bin/sh
case "$*" in
  "-v") echo "Docker version 28.2.2, build e6534b4" ;;
  "info "*) echo '{"CgroupVersion":"2","MemoryLimit":true,"PidsLimit":true,"CPUShares":true}' ;;
  "ps "* | "inspect --type=image "*) ;;
  "network ls "*) echo kind ;;
  *) printf '%s\\n' "$@" >> "$HOME/run"; echo "the stand-in for Docker runs nothing" >&2; exit 1 ;;
esac
`;

function go(...args: string[]): string {
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" };
  return execFileSync("go", args, { cwd: module, env, encoding: "utf8" }).trim();
}

describe("the real kind", { skip: hasGo ? false : "Go is not on PATH" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "real-kind-test-"));

  before(() => {
    // Go keeps what it compiled: only the first build takes seconds.
    go("build", "-trimpath", "-buildvcs=false", "-o", join(folder, "kind"), "tool");
    writeFileSync(join(folder, "docker"), docker, { mode: 0o700 });
  });
  after(() => {
    rmSync(folder, { recursive: true, maxRetries: 5 });
  });

  /** What kind says of a configuration, and with which options it asked Docker for nodes. */
  function create(configuration: unknown): { said: string; options: string[]; home: string } {
    // kind ends at the first node that fails; what it has begun for another one may still be written.
    const home = mkdtempSync(join(folder, "home-"));
    const asked = join(home, "run");
    const args = ["create", "cluster", "--name", "istio-auth0", "--image", nodeImage];
    const { status, stderr } = spawnSync(
      join(folder, "kind"),
      [...args, "--config", "-", "--kubeconfig", join(folder, "kubeconfig")],
      {
        input: JSON.stringify(configuration),
        env: { PATH: `${folder}:/usr/bin:/bin`, HOME: home },
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    assert.equal(status, 1);
    const options = existsSync(asked) ? readFileSync(asked, "utf8").trim().split("\n") : [];
    return { said: stderr, options, home };
  }

  const settings = { apiServerPort: 6550, workers: 0 };
  const tls = { secret: "default/bookinfo-tls", minimumVersion: "1.2" } as const;
  const gateways: readonly (readonly [GatewaySettings, readonly string[]])[] = [
    [{ url: "http://localhost:8080" }, ["127.0.0.1:8080:30080/TCP"]],
    [
      { url: "https://bookinfo.localhost", tls },
      ["127.0.0.1:443:30443/TCP", "127.0.0.1:80:30080/TCP"],
    ],
  ];
  for (const [gateway, ports] of gateways)
    test(`asks Docker for a node with the ports of ${gateway.url}`, () => {
      const { said, options } = create(kindConfiguration(settings, gateway));
      assert.match(said, /^Creating cluster "istio-auth0" \.\.\./);
      assert.match(said, /the stand-in for Docker runs nothing/);
      assert.equal(options.at(-1), nodeImage);
      const published = options.flatMap((option) => /^--publish=(.*)/.exec(option)?.[1] ?? []);
      assert.deepEqual(published, [...ports, "127.0.0.1:6550:6443/TCP"]);
    });

  test("makes one node for the control plane and one for each worker", () => {
    const configuration = { ...settings, workers: 2 };
    const { said } = create(kindConfiguration(configuration, { url: "http://localhost:8080" }));
    assert.match(said, /Preparing nodes (📦 ){3} *\.\.\./u);
  });

  const good = kindConfiguration(settings, { url: "http://localhost:8080" });
  const refused: readonly (readonly [string, KindConfiguration | object, RegExp])[] = [
    [
      "a port that is none",
      kindConfiguration({ ...settings, apiServerPort: 70000 }, { url: "http://localhost:8080" }),
      /^ERROR: failed to create cluster: invalid apiServerPort: invalid port number: 70000/m,
    ],
    [
      "a node port that is none",
      kindConfiguration(settings, { url: "http://localhost:8080", nodePort: 70000 }),
      /^ERROR: .*invalid containerPort: invalid port number: 70000/m,
    ],
    ["a key that it does not know", { ...good, nodse: [] }, /^ERROR: .*\n.*field nodse not found/],
  ];
  for (const [what, configuration, complaint] of refused)
    test(`refuses ${what}`, () => {
      const { said, options } = create(configuration);
      assert.match(said, complaint);
      assert.deepEqual(options, []);
    });

  test("publishes the node image that is the default", () => {
    const source = go("list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kind");
    const file = join(source, "pkg/apis/config/defaults/image.go");
    assert.equal(/^const Image = "(.*)"$/m.exec(readFileSync(file, "utf8"))?.[1], nodeImage);
  });

  test("writes no kubeconfig where it made no cluster", () => {
    const { home } = create(good);
    assert.equal(existsSync(join(home, ".kube")), false);
  });
});
