/** A few modes in turn on one sandbox: one that does not come up delays no other, and one may end in the middle. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { sharedSandbox } from "./shared";

/** In the place of all modes: one that the provider contradicts, and one that changes nothing but policies. */
const few = `[
  {
    name: "broken",
    settings: { "identity.kind": "oidc", "identity.issuer": "https://TENANT/realms/sandbox/" },
  },
  { name: "workloads", settings: { "authentication.at": "workload" } },
  { name: "own", settings: {} },
];`;

describe("a few modes", { timeout: 30 * 60_000 }, () => {
  const copy = sharedSandbox();
  let undo: () => void;

  before(async () => {
    undo = copy.edit("sandbox/modes/table.ts", "[...designs, ...others];", few);
    const { code, err } = await copy.run("up");
    assert.equal(code, 0, err);
  });

  after(() => {
    undo();
  });

  it("one that does not come up is named with its error, and the others are verified", async () => {
    const { code, out, err } = await copy.run("verify --all-modes");
    assert.equal(code, 1, err);
    const wrong =
      /identity\.issuer: found "https:\/\/tenant\.localhost:\d+\/realms\/sandbox\/", expected "https:\/\/tenant\.localhost:\d+\/realms\/sandbox", as the provider's discovery document has it/;
    assert.match(err, new RegExp(`^error: ${wrong.source}$`, "m"));
    const [rows = "", complaint = "", totals] = out.slice(out.lastIndexOf("\nmode ")).split("\n\n");
    assert.match(rows, /\nbroken +identity\.kind=oidc +– +– +\d+\n/);
    assert.match(rows, /\nworkloads +authentication\.at=workload +1 264 +0 +\d+\n/);
    assert.match(rows, /\nown +1 264 +0 +\d+$/);
    assert.match(complaint, new RegExp(`^broken: did not come up: ${wrong.source}$`));
    assert.equal(totals, "3 modes, 1 not up, 2 528 cells, 0 differences, 0 not tried\n");
  });

  /** Starts all modes, and kills the command once the second one's update is under way. */
  async function killInTheMiddle(): Promise<void> {
    const child = copy.start("verify --all-modes", "pipe");
    const exited = once(child, "exit");
    let err = "";
    const updating = new Promise<void>((resolve) => {
      child.stdout?.resume();
      child.stderr?.setEncoding("utf8").on("data", (data: string) => {
        err += data;
        if (err.includes("RequestAuthentication")) resolve();
      });
    });
    await Promise.race([updating, exited]);
    assert.equal(child.exitCode, null, err);
    child.kill("SIGKILL");
    await exited;
  }

  /** What the ended command left, the next one puts right. */
  async function repaired(): Promise<void> {
    const { code, out, err } = await copy.run("up");
    assert.equal(code, 0, err);
    assert.match(out, /\n1264 cells, 0 differences, 0 not tried\n/);
  }

  it("killed in a mode it delays no other, and the next run restores the sandbox's own settings", async () => {
    await killInTheMiddle();
    await repaired();
  });
});
