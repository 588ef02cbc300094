/** `run` gives a program's output or a one-line error, and a `Service` is found by its exact arguments and stopped. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../lib/errors";
import { end, lastLine, readProcess, run, Service } from "../../../lib/processes";
import { temporaryFolder } from "../local/images/reading";

const shell = (script: string, options?: Parameters<typeof run>[2]) =>
  run("sh", ["-c", script], options);

test("a program's output comes without the space around it, and without what it complains of", async () => {
  assert.equal(await shell("echo; echo ' one'; echo two; echo three >&2"), "one\ntwo");
});

test("a program runs in the folder and the environment that are given", async () => {
  const cwd = realpathSync(temporaryFolder());
  const env = { PATH: process.env.PATH, GREETING: "hello" };
  assert.equal(await shell('pwd; echo "$GREETING"', { cwd, env }), `${cwd}\nhello`);
});

test("a program reads its input, or finds it at its end", async () => {
  assert.equal(await run("cat", [], { input: "one\ntwo\n" }), "one\ntwo");
  assert.equal(await run("cat", []), "");
});

test("a program need not read its input", async () => {
  assert.equal(await shell("exec <&-; echo done", { input: "x".repeat(1 << 20) }), "done");
});

test("a failure names the program, what it was asked to do, and its own last line", async () => {
  await assert.rejects(
    shell("echo result; echo first >&2; echo last >&2; exit 3"),
    new UserError("sh -c: last"),
  );
  await assert.rejects(
    run("no-such-program", ["build", "--all"]),
    new UserError("no-such-program build: no such program on PATH that may be run"),
  );
});

test("a file that may not be run is no program", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "notes"), "", { mode: 0o600 });
  await assert.rejects(
    run("notes", ["read"], { env: { PATH: folder } }),
    new UserError("notes read: no such program on PATH that may be run"),
  );
});

test("a failure without a word of the program's is one line too", async () => {
  await assert.rejects(shell("exit 3"), (error) => {
    assert(error instanceof UserError);
    assert.match(error.message, /^sh -c: .*\S$/);
    return true;
  });
});

/** How long a process of these tests may take to end, in milliseconds. */
const timeoutMs = 10_000;

const ended = (child: ChildProcess): Promise<unknown> => {
  child.ref();
  return once(child, "exit", { signal: AbortSignal.timeout(timeoutMs) });
};

/** A service of a test's own: its marks are files that no other test names. */
function unstarted() {
  const folder = temporaryFolder();
  const marks = [join(folder, "main"), join(folder, "options")];
  return { service: new Service("the service", marks), marks, log: join(folder, "logs", "log") };
}

/** Waits until it is told to end on its fourth descriptor, and then ends with code 7. */
const script = "echo out; echo err >&2; read line <&3; echo $line; exit 7";

function start(context: TestContext, service: Service, log: string) {
  const child = service.start("sh", ["-c", script], { log, stdio: ["pipe"] });
  context.after(() => child.kill("SIGKILL"));
  const lead = child.stdio[3];
  assert(lead instanceof Writable);
  // The service may end first.
  lead.on("error", () => undefined);
  return { child, lead };
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("a service is found, by other processes too, as long as it runs", async (context) => {
  const { service, marks, log } = unstarted();
  assert.equal(service.pid, undefined);
  const { child, lead } = start(context, service, log);
  const { pid } = child;
  assert(pid !== undefined);
  assert.equal(service.pid, pid);
  assert.equal(new Service("the same", marks).pid, pid);
  const end = ended(child);
  lead.write("told\n");
  assert.deepEqual(await end, [7, null]);
  assert.equal(service.pid, undefined);
});

test("a service outlives its starter: its session is its own, its folder the root", (context) => {
  const { service, log } = unstarted();
  const { pid = 0 } = start(context, service, log).child;
  assert.equal(readProcess(pid, "stat").split(" ")[5], String(pid));
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), "/");
});

test("a service's log is private, and goes on where it ended", async (context) => {
  const { service, log } = unstarted();
  for (const word of ["one", "two"]) {
    const { child, lead } = start(context, service, log);
    const end = ended(child);
    lead.write(`${word}\n`);
    await end;
  }
  assert.equal(readFileSync(log, "utf8"), "out\nerr\none\nout\nerr\ntwo\n");
  assert.deepEqual([log, dirname(log)].map(modeOf), ["600", "700"]);
});

test("starting a service leaves no descriptor of its log open", (context) => {
  const { service, log } = unstarted();
  start(context, service, log);
  const open = readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // The one that the folder itself was read by.
    }
  });
  assert(open.length > 0);
  assert(!open.includes(log));
});

test("stopping a service asks it to end, and returns when it has", async (context) => {
  const { service, log } = unstarted();
  const { child } = start(context, service, log);
  const end = ended(child);
  await service.stop();
  assert.equal(service.pid, undefined);
  assert.deepEqual(await end, [null, "SIGTERM"]);
});

test("stopping what is gone, or never was, does nothing", async (context) => {
  const { service, log } = unstarted();
  await service.stop();
  const { child } = start(context, service, log);
  const end = ended(child);
  child.kill("SIGKILL");
  await end;
  await service.stop();
  assert.equal(service.pid, undefined);
});

test("a process that names the service's files otherwise is not the service, and is left alone", async (context) => {
  const { service, marks, log } = unstarted();
  const [main = "", options = ""] = marks;
  const others = [
    [main, `${options}.old`],
    [main, options, "--check"],
    [options, main],
    ["--check", options],
    [`/other${main}`, options],
    [`${main} ${options}`],
  ].map((words) => {
    const other = new Service("another", words);
    return { other, ...start(context, other, log) };
  });
  assert.equal(service.pid, undefined);
  await service.stop();
  for (const { other, child } of others) {
    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
    assert.equal(other.pid, child.pid);
  }
});

test("a signal to a process that has ended is lost, and its files read as empty", async (context) => {
  const { service, log } = unstarted();
  const { child, lead } = start(context, service, log);
  const { pid = 0 } = child;
  assert.equal(readProcess(pid, "comm"), "sh\n");
  const exit = ended(child);
  lead.write("\n");
  await exit;
  end(pid, "SIGTERM");
  assert.equal(readProcess(pid, "comm"), "");
});

test("a service whose program is missing is not started, and is said so once", async () => {
  const { service, log } = unstarted();
  assert.throws(
    () => service.start("/nowhere/program", [], { log }),
    new UserError("cannot start /nowhere/program"),
  );
  assert.equal(service.pid, undefined);
  // An error without a listener comes on a later turn, and fails this test.
  await new Promise(setImmediate);
});

test("the last line of a log is the last that says something", () => {
  const log = join(temporaryFolder(), "log");
  writeFileSync(log, "first\nlast  \n\n \n");
  assert.equal(lastLine(log), "last");
  writeFileSync(log, "");
  assert.equal(lastLine(log), "");
});
