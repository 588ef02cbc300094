/** `explain` prints the verdict and policy of each service, no part of the token, and one line for a mistake. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { argumentsFor } from "../../../support/node";
import { fakePulumi } from "../verify/support/pulumi";
import type { FakePulumi } from "../verify/support/pulumi";
import { startPolicyCluster } from "./cluster";
import type { PolicyCluster } from "./cluster";
import { bookinfo, jwtRule, object, operation, outputsWith, startSigner } from "./mesh";
import type { Signer } from "./mesh";

const program = argumentsFor("commands/explain/main.ts");
let pulumi: FakePulumi;
let cluster: PolicyCluster;
let signer: Signer;
let folder: string;

before(async () => {
  [pulumi, signer, folder] = await Promise.all([
    fakePulumi(),
    startSigner(),
    mkdtemp(join(tmpdir(), "explain-")),
  ]);
  // Keys in the rule: no tenant has to run.
  const rule = { ...jwtRule, jwksUri: undefined, jwks: JSON.stringify(signer.jwks) };
  cluster = await startPolicyCluster({
    ...bookinfo,
    requestAuthentications: [object("tokens", { jwtRules: [rule] })],
    authorizationPolicies: [
      ...bookinfo.authorizationPolicies,
      object("no-deletes", {
        selector: { matchLabels: { app: "details" } },
        action: "DENY",
        rules: [operation({ methods: ["DELETE"], paths: ["/x"] })],
      }),
    ],
  });
  await pulumi.prints(outputsWith(cluster.kubeconfig));
});
after(async () => {
  cluster.close();
  await Promise.all([pulumi.remove(), rm(folder, { recursive: true })]);
});

async function run(options: readonly string[], input = "") {
  const child = spawn(process.execPath, [...program, ...options], {
    env: { ...process.env, PATH: [pulumi.directory, process.env.PATH].join(delimiter) },
  });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  return { out, err, code };
}

interface Answer {
  readonly services: readonly Record<string, unknown>[];
  readonly warnings: readonly string[];
}

/** `signer.sign` counts from a day of its own; here the clock is this machine's. */
const lasting = { exp: Math.floor(Date.now() / 1000) + 3600 };
const outcomes = (out: string) =>
  (JSON.parse(out) as Answer).services.map(
    ({ workload, outcome, hop }) => `${String(workload)}: ${String(outcome)} at ${String(hop)}`,
  );

test("an anonymous request: every service, the policy, and the missing principal", async () => {
  const { out, err, code } = await run(["--stack", "prod"]);
  assert.deepEqual([err, code], ["", 0]);
  assert.match(out, /^No token: an anonymous request\.\n/);
  assert.match(out, /^productpage +gateway +allowed/m);
  assert.match(
    out,
    /^ratings +gateway → productpage → reviews +denied +403 +RBAC: access denied$/m,
  );
  assert.match(out, /AuthorizationPolicy bookinfo\/details,\s+rule 1/);
  assert.match(out, /^ {2}in the table +every request: read:book-details, from productpage$/m);
  assert.match(out, /a token of the principal\s+https:\/\/tenant\.example\/\/\*/);
  assert.ok(
    out.split("\n").every((line) => line.length <= 100),
    "no line is too wide",
  );
  assert.equal((await pulumi.asked()).at(-1), "--stack=prod");
});

test("a token on standard input: verdicts along the way, and no part of the token", async () => {
  const token = await signer.sign({ ...lasting, permissions: ["read:book-details"] });
  const { out, err, code } = await run(["-", "--json", "--cwd", folder], token);
  assert.deepEqual([err, code], ["", 0]);
  assert.deepEqual(outcomes(out), [
    "productpage: allowed at productpage",
    "details: allowed at details",
    "reviews: denied at reviews",
    "ratings: denied at reviews",
  ]);
  const ofReviews = "every request: read:book-reviews, from productpage";
  assert.deepEqual(
    (JSON.parse(out) as Answer).services.map(({ row }) => row),
    [
      "every request: public, from gateway",
      "every request: read:book-details, from productpage",
      // The one that refuses.
      ofReviews,
      ofReviews,
    ],
  );
  for (const part of token.split(".")) assert.ok(!out.includes(part), "no part of the token");
  assert.equal((await pulumi.asked())[0], folder);
});

test("--service and --as: one direct call", async () => {
  const token = await signer.sign({ ...lasting, permissions: ["read:book-reviews"] });
  const file = join(folder, "token");
  await writeFile(file, token, { mode: 0o600 });
  const as = (caller: string) => run([file, "--json", "--service", "ratings", "--as", caller]);
  assert.deepEqual(outcomes((await as("reviews")).out), ["ratings: allowed at ratings"]);
  assert.deepEqual(outcomes((await as("stranger")).out), ["ratings: denied at ratings"]);
});

test("--method and --path: what the service itself is asked for", async () => {
  const decidedBy = async (...options: string[]) => {
    const { out } = await run(["--json", "--service", "details", ...options]);
    return (JSON.parse(out) as Answer).services.map((each) => each.decidedBy);
  };
  const denial = ["AuthorizationPolicy bookinfo/no-deletes, rule 1"];
  assert.deepEqual(await decidedBy("--method", "DELETE", "--path", "/x"), denial);
  for (const other of [[], ["--method", "DELETE"], ["--path", "/x"]])
    assert.notDeepEqual(await decidedBy(...other), denial);
  for (const [option, value, message] of [
    ["--method", "delete", "--method delete: a method such as POST is expected"],
    ["--path", "x", "--path x: it has to begin with a slash"],
  ] as const) {
    const { out, err, code } = await run([option, value]);
    assert.deepEqual(
      [out, err, code],
      ["", `error: ${message}. See istio-auth0 explain --help.\n`, 1],
    );
  }
});

test("a Service on the way without the table's port: allowed, and not reached", async (t) => {
  t.after(() => cluster.ports.set("productpage", 9080));
  cluster.ports.set("productpage", 80);
  const fault =
    "Service bookinfo/productpage has no port 9080, its ports: 80 (http); see kubectl -n bookinfo get service productpage";
  const { out } = await run(["--service", "productpage"]);
  assert.match(out, /^productpage +gateway +allowed +not reached$/m);
  assert.ok(out.replaceAll(/\s+/g, " ").includes(`but ${fault}`), out);
  const { services } = JSON.parse((await run(["--json"])).out) as Answer;
  assert.deepEqual(
    services.map((each) => each.fault),
    [fault, undefined, undefined, undefined],
  );
});

test("a client is called by its name, and by its id", async () => {
  const token = await signer.sign({ ...lasting, azp: "web" });
  const { out } = await run(["-"], token);
  assert.match(out, /^ {2}application +web \(web\)$/m);
});

test("a token of another issuer: one clear line first, the explanation, exit 1", async () => {
  const token = await signer.sign({ ...lasting, iss: "https://tenant.example" });
  const { out, err, code } = await run(["-", "--service", "details"], token);
  assert.deepEqual(
    [err, code],
    [
      "error: the mesh accepts tokens of https://tenant.example/; this one is of https://tenant.example\n",
      1,
    ],
  );
  assert.match(out, /^! Its issuer differs from the mesh's by the last slash only/m);
  assert.match(out, /401 +Jwt issuer is not configured$/m);
});

test("what cannot be explained: one line, exit 1", async () => {
  assert.deepEqual(await run(["-"], "garbage in"), {
    out: "",
    err: "error: standard input holds no token: header.claims.signature is expected\n",
    code: 1,
  });
  const rows: [string[], string, string][] = [
    [
      ["--service", "x"],
      "",
      "--service x: one of productpage, details, reviews, ratings is expected",
    ],
    [
      ["--as", "x"],
      "",
      "--as x: one of productpage, details, reviews, ratings, gateway, stranger is expected",
    ],
    [["a", "b"], "", "too many arguments. Expected 1 argument but got 2"],
  ];
  for (const [options, input, message] of rows) {
    const err = `error: ${message}. See istio-auth0 explain --help.\n`;
    assert.deepEqual(await run(options, input), { out: "", err, code: 1 });
  }
});

test("policies that are not the stack's are named, and come before any other advice", async () => {
  const { out } = await run(["--service", "details", "--json"]);
  const { warnings, services } = JSON.parse(out) as Answer;
  assert.ok(
    warnings.some((line) => line.includes("AuthorizationPolicy bookinfo/no-deletes: it counts")),
    out,
  );
  assert.match(String(services[0]?.change), /^First put right what is named above\. /);
});
