/** A shop of seven servers of others, unchanged, by every protocol: none of them answers as the examples' services do. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SandboxCopy } from "./copy";

/** The programs from npm; test/others says what they are for. */
const programs = [
  "http-server@14.1.1",
  "json-server@0.17.4",
  "@y/websocket-server@0.1.1",
  "yjs@13.6.27",
];

/** What they serve. */
const contents = {
  "pages/index.html": "<!doctype html><title>Others</title>",
  "filed/reports/index.html": "<!doctype html><title>Reports</title>",
  "content.js":
    'module.exports = () => ({ orders: [], payments: [], profile: { name: "Others" } });',
};

describe("servers of others", { timeout: 30 * 60_000 }, () => {
  const project = ["--project", "examples/others"] as const;
  let copy: SandboxCopy;

  before(() => {
    copy = new SandboxCopy();
    const folder = join(copy.folder, project[1]);
    cpSync(join(__dirname, "../others"), folder, { recursive: true });
    const servers = join(folder, "servers");
    for (const [file, content] of Object.entries(contents)) {
      mkdirSync(join(servers, file, ".."), { recursive: true });
      writeFileSync(join(servers, file), content);
    }
    execFileSync("npm", ["install", "--no-save", "--prefix", servers, ...programs], {
      stdio: "pipe",
    });
    const [etcd] = globSync(join(copy.layout.cache, "toolchain/kubernetes-*/bin/etcd"));
    assert.ok(etcd, "no tools are built yet: run npm run sandbox once");
    copyFileSync(etcd, join(servers, "etcd"));
  });

  after(async () => {
    await copy.runWords("down", ...project);
    copy.remove();
  });

  it("have mistakes in what they run: they are all that is said, and the next run goes on", async () => {
    const file = join(copy.folder, project[1], "workloads.ts");
    const right = readFileSync(file, "utf8");
    writeFileSync(file, right.replaceAll('memory: "256Mi"', 'memory: "256"'));
    try {
      const { code, err } = await copy.runWords("up", ...project);
      assert.equal(code, 1);
      const [, errors = ""] = err.split("\nerror: ");
      const [heading, ...lines] = errors.trimEnd().split("\n");
      assert.equal(heading, "The workloads (workloads.ts) are wrong:", err);
      for (const line of lines) assert.match(line, /^ {2}\w+\[0\]\.memory: found "256", expected /);
      assert.equal(lines.length, 5);
    } finally {
      writeFileSync(file, right);
    }
  });

  it("are protected by a table that says what they answer, and verify takes none of it for a difference", async () => {
    const { code, out, err } = await copy.runWords("up", ...project);
    assert.equal(code, 0, `${err}\n${out.slice(-3000)}`);
    for (const row of [
      // No such order: 404. A refusal of the REST API that the front passes on: 403. An empty message: INVALID_ARGUMENT.
      "anonymous +200 +401 +403 +401 +401 +401 +401",
      "nobody@others\\.example +200 +403 +403 +403 +403 +403 +200",
      "reader@others\\.example +200 +404 +200 +403 +200 +400 +200",
      "writer@others\\.example +200 +403 +403 +201 +403 +403 +200",
      "both \\(machine\\) +200 +404 +200 +201 +200 +400 +200",
    ])
      assert.match(out, new RegExp(`\n {2}${row}\n`));
    // What the front passes on of an unknown request is all that only its log could tell.
    assert.match(out, /\n\d{4} cells, 0 differences, 2 cannot be told apart, 0 not tried\n/);
    assert.match(out, /\?, cannot be told apart \(2 cells\): front answers preflight of /);
  });

  it("show what is opened: a policy that lets anyone call the gRPC server is many differences", async () => {
    const policy = {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "open", namespace: "others" },
      spec: { selector: { matchLabels: { app: "inventory" } }, rules: [{}] },
    };
    const applied = await copy.run(
      `shell ${project.join(" ")}`,
      `echo '${JSON.stringify(policy)}' | kubectl apply -f -\n`,
    );
    assert.equal(applied.code, 0, applied.err);
    const { code, out } = await copy.runWords("verify", ...project);
    assert.equal(code, 1);
    assert.match(out, /\n {2}Not permitted, but let in: inventory \(\d+ cells\)\n/);
  });
});
