/** What a command that was cut off leaves in Pulumi's file backend, and that Pulumi works once it is removed. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";
import { promisify } from "node:util";
import { backendFolder, isDamaged, isThere, removeRemains } from "../../sandbox/backend";
import { UserError } from "../../lib/errors";
import { writePrivate } from "../../lib/files";
import { layout, type Layout } from "../../sandbox/layout";
import { temporaryFolder } from "../unit/local/images/reading";
import { pulumiExecutable, skipWithoutEngine } from "./engine";

describe("Pulumi's file backend", { skip: skipWithoutEngine }, () => {
  const folder = temporaryFolder();
  let made = 0;
  let places: Layout;

  async function pulumi(...args: string[]): Promise<string> {
    const env = {
      PULUMI_HOME: join(places.pulumi, "home"),
      PULUMI_BACKEND_URL: `file://${backendFolder(places)}`,
      PULUMI_CONFIG_PASSPHRASE: "",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    const options = { cwd: places.pulumi, env };
    const all = [...args, "--non-interactive", "--stack", "sandbox"];
    return (await promisify(execFile)(pulumiExecutable ?? "", all, options)).stdout;
  }

  beforeEach(() => {
    places = layout({ XDG_STATE_HOME: join(folder, String((made += 1))) });
    mkdirSync(backendFolder(places), { recursive: true });
    writeFileSync(join(places.pulumi, "Pulumi.yaml"), "name: istio-auth0\nruntime: nodejs\n");
  });

  const inBackend = (path: string) => join(backendFolder(places), ".pulumi", path);

  const locks: Readonly<Record<string, string>> = {
    empty: "",
    "cut off": '{"pid":4',
    whole: '{"pid":4,"username":"root","hostname":"here","timestamp":"2026-01-01T00:00:00Z"}',
  };

  for (const [kind, content] of Object.entries(locks)) {
    it(`has the stack made after a command that left a lock, ${kind}`, async () => {
      writePrivate(inBackend("locks/organization/istio-auth0/sandbox/1.json"), content);
      await assert.rejects(pulumi("stack", "init"));
      removeRemains(places);
      await pulumi("stack", "init");
      assert.ok(isThere(places));
    });
  }

  it("leaves the lock of a Pulumi that runs, and says which", async (context) => {
    const running = spawn("sleep", ["60"], { argv0: "pulumi" });
    context.after(() => running.kill("SIGKILL"));
    const path = inBackend("locks/organization/istio-auth0/sandbox/1.json");
    writePrivate(path, JSON.stringify({ pid: running.pid }));
    const message = `pulumi (process ${running.pid ?? ""}) is changing this sandbox: let it end, and try again`;
    assert.throws(() => {
      removeRemains(places);
    }, new UserError(message));
    assert.ok(existsSync(path));
    running.kill("SIGKILL");
    await once(running, "exit");
    removeRemains(places);
    assert.ok(!existsSync(path));
  });

  it("has the stack read after a command that left attributes cut off, of any file", async () => {
    await pulumi("stack", "init");
    const attributes = globSync("**/*.attrs", { cwd: inBackend("") });
    assert.ok(attributes.length >= 2, attributes.join());
    for (const file of attributes) truncateSync(inBackend(file));
    await assert.rejects(pulumi("stack", "export"));
    removeRemains(places);
    assert.match(await pulumi("stack", "export"), /"deployment"/);
  });

  it("keeps what is whole", async () => {
    await pulumi("stack", "init");
    const files = () => globSync("**/*.*", { cwd: inBackend("") }).sort();
    const before = files();
    removeRemains(places);
    assert.deepEqual(files(), before);
  });

  it("finds a state that was cut off damaged, a whole one and none not", async () => {
    assert.deepEqual([isThere(places), isDamaged(places)], [false, false]);
    await pulumi("stack", "init");
    assert.deepEqual([isThere(places), isDamaged(places)], [true, false]);
    const [file = ""] = globSync("stacks/*/sandbox.json", { cwd: inBackend("") });
    for (const length of [20, 1, 0]) {
      truncateSync(inBackend(file), length);
      assert.equal(isDamaged(places), true, `cut off after ${length}`);
    }
  });
});
