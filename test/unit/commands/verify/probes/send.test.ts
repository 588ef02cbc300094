/** Requests are repeated until they are answered as expected or time is up, and no echoed token is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlannedCell } from "../../../../../commands/verify/plan/cells";
import type { Vantage } from "../../../../../commands/verify/plan/vantages";
import type { Observed, ProbeRequest } from "../../../../../commands/verify/probes/observed";
import {
  idHeader,
  sendAll,
  sendUntilSettled,
  type Sender,
} from "../../../../../commands/verify/probes/send";

const live = new AbortController().signal;

const [here, there]: readonly [Vantage, Vantage] = [
  { name: "here", targets: [] },
  { name: "there", targets: [] },
];

function planned(
  vantage: Vantage,
  name: string,
  status: 200 | 403,
  token?: string,
  service = "details",
): PlannedCell {
  const word = `[token of ${token ?? ""}]`;
  const origin = "http://details:9080";
  const path = `/${name}`;
  return {
    vantage,
    viewer: { name: token ?? "anonymous", credential: { kind: "none" }, kind: "who" },
    target: { name, service, origin, path, way: { caller: "stranger", through: [service] } },
    expected: status === 200 ? { status } : { status, refusal: "access denied" },
    shown: { method: "GET", url: `${origin}${path}`, headers: {} },
    words: new Map(token === undefined ? [] : [[token, word]]),
    request: {
      method: "GET",
      origin,
      path,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    },
  };
}

const denied: Observed = { status: 403, headers: {}, body: "RBAC: access denied" };
const granted: Observed = { status: 200, headers: {}, body: "" };

/** Answers by `answer`, and keeps every batch, from where it is, and whether it is for the unlisted service. */
function sender(answer: (request: ProbeRequest) => Observed) {
  const batches: (readonly ProbeRequest[])[] = [];
  const asked: string[] = [];
  const made: Sender = ({ name }, requests, toUnlisted) => {
    batches.push(requests);
    asked.push(toUnlisted ? `${name}, unlisted` : name);
    return Promise.resolve(requests.map(answer));
  };
  return { made, batches, asked };
}

const pathsOf = (batches: readonly (readonly ProbeRequest[])[]) =>
  batches.map((batch) => batch.map(({ path }) => path));

test("each vantage point gets its own requests in one batch, and each cell its own answer", async () => {
  const { made, batches, asked } = sender(({ path }) => (path === "/two" ? denied : granted));
  const untried = { ...planned(here, "three", 200, "t"), request: undefined };
  const cells = [
    planned(here, "one", 200),
    planned(there, "two", 403),
    untried,
    planned(here, "four", 200),
  ];
  const { observed } = await sendAll(cells, made, "run-1");
  assert.deepEqual(
    cells.map((cell) => observed.get(cell)),
    [granted, denied, undefined, granted],
  );
  assert.deepEqual(asked, ["here", "there"]);
  assert.deepEqual(pathsOf(batches), [["/one", "/four"], ["/two"]]);
});

test("what is for the unlisted service is a batch of its own, for which a place may wait", async () => {
  const { made, batches, asked } = sender(() => granted);
  const unlisted = planned(here, "own", 200, undefined, "unlisted");
  await sendAll([planned(here, "one", 200), unlisted], made, "run-1");
  assert.deepEqual(pathsOf(batches), [["/one"], ["/own"]]);
  assert.deepEqual(asked, ["here", "here, unlisted"]);
});

/** What is left of `body` and of a header after a request with these words. */
async function reported(body: string, words: readonly (readonly [string, string])[]) {
  const echo = sender(() => ({ status: 401, headers: { "www-authenticate": [body] }, body }));
  const request = { ...planned(here, "one", 200), words: new Map(words) };
  const observed = (await sendAll([request], echo.made, "run-1")).observed.get(request);
  assert.ok(observed && "body" in observed);
  assert.deepEqual(observed.headers, { "www-authenticate": [observed.body] });
  return observed.body;
}

// Of two tokens with the same header, as they are.
const [one, two] = ["eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln", "eyJhbGciOiJSUzI1NiJ9.eyJiIjoyfQ.c2lr"];
const words = [
  [one, "[token of one]"],
  [two, "[token of two]"],
] as const;

test("a token that is echoed, in the body or a header, does not get into the report", async () => {
  assert.equal(
    await reported(`{"${one}":"Bearer ${two}"}, twice: ${one}`, words),
    '{"[token of one]":"Bearer [token of two]"}, twice: [token of one]',
  );
});

test("what was made of a token is replaced too", async () => {
  const basic = Buffer.from(`user:${one}`).toString("base64");
  assert.equal(
    await reported(`Basic ${basic}.`, [...words, [basic, "[password]"]]),
    "Basic [password].",
  );
});

test("nor does the beginning of a token get there, where an answer is cut", async () => {
  assert.equal(
    await reported(`realm="/?t=${two.slice(0, 32)}", x`, words),
    'realm="/?t=[token of one]", x',
  );
  assert.equal(await reported(`you sent ${one.slice(0, 16)}`, words), "you sent [token of one]");
  assert.equal(await reported("eyJhbGciOi", words), "eyJhbGciOi");
});

/** Sends until all is settled, and says what was waited for. */
async function settled(cells: readonly PlannedCell[], one: Sender, deadline: number) {
  const waited: number[] = [];
  const waiting = (unexpected: number) => waited.push(unexpected);
  const options = { deadline: () => deadline, signal: live, waiting };
  const { observed: found } = await sendUntilSettled(cells, one, options);
  const statuses = cells.map((cell) => {
    const observed = found.get(cell);
    return observed && "status" in observed && observed.status;
  });
  return { waited, statuses };
}

const cells = [
  planned(here, "one", 200),
  planned(here, "one", 200, "other"),
  planned(here, "two", 403),
  { ...planned(here, "three", 200), request: undefined },
];

test("what is as expected at once is asked for once", async () => {
  const prompt = sender(({ path }) => (path === "/two" ? denied : granted));
  const { waited, statuses } = await settled(cells, prompt.made, 10_000);
  assert.deepEqual(statuses, [200, 200, 403, undefined]);
  assert.deepEqual(waited, []);
  assert.deepEqual(pathsOf(prompt.batches), [["/one", "/one", "/two"]]);
});

test("what is not as expected is asked for until it is, and then everything once more", async () => {
  let asked = 0;
  const late = sender(({ path, headers }) => {
    if (headers.authorization !== undefined) asked += 1;
    return path === "/two" || (headers.authorization !== undefined && asked < 3) ? denied : granted;
  });
  const { waited, statuses } = await settled(cells, late.made, 10_000);
  assert.deepEqual(statuses, [200, 200, 403, undefined]);
  assert.deepEqual(waited, [1]);
  assert.deepEqual(pathsOf(late.batches), [
    ["/one", "/one", "/two"],
    ["/one"],
    ["/one"],
    ["/one", "/one", "/two"],
  ]);
});

test("an answer without the header that the proxy's other answers have is waited for", async () => {
  const marked: Observed = { ...granted, headers: { "x-envoy-upstream-service-time": "1" } };
  const answers = [granted, marked];
  const login = sender(({ path }) => (path === "/one" ? (answers.shift() ?? marked) : marked));
  const two = ["one", "two"].map((name): PlannedCell => {
    const cell = planned(here, name, 200);
    return { ...cell, expected: { ...cell.expected, markedBy: "the gateway" } };
  });
  const { waited } = await settled(two, login.made, 10_000);
  assert.deepEqual(waited, [1]);
  assert.deepEqual(pathsOf(login.batches), [["/one", "/two"], ["/one"], ["/one", "/two"]]);
});

test("what a later round finds not to be as expected is waited for too", async () => {
  // The second is let in at first, as on a connection that was made before its policy was.
  const answers = new Map([
    ["/one", [denied, granted, granted, granted]],
    ["/two", [denied, granted, denied, denied]],
  ]);
  const changing = sender(({ path }) => answers.get(path)?.shift() ?? denied);
  const two = [planned(here, "one", 200), planned(here, "two", 403)];
  const { waited, statuses } = await settled(two, changing.made, 10_000);
  assert.deepEqual(statuses, [200, 403]);
  assert.deepEqual(waited, [1, 1]);
  assert.deepEqual(pathsOf(changing.batches), [
    ["/one", "/two"],
    ["/one"],
    ["/one", "/two"],
    ["/two"],
    ["/one", "/two"],
  ]);
});

test("waiting ends at its deadline with what was answered then, and at once when told to", async () => {
  const never = sender(() => denied);
  const one = [planned(here, "one", 200)];
  assert.deepEqual(await settled(one, never.made, 300), { waited: [1], statuses: [403] });
  assert.ok(never.batches.length >= 3);
  const signal = AbortSignal.abort(new Error("ended"));
  const options = { deadline: () => 10_000, signal, waiting: () => undefined };
  await assert.rejects(sendUntilSettled(one, never.made, options), {
    message: "ended",
  });
});

test("waiting ends once its deadline has become less", { timeout: 60_000 }, async () => {
  const never = sender(() => denied);
  let deadline = 3_600_000;
  const waiting = () => {
    deadline = 0;
  };
  const options = { deadline: () => deadline, signal: live, waiting };
  const one = [planned(here, "one", 200)];
  const { observed } = await sendUntilSettled(one, never.made, options);
  assert.equal(observed.size, 1);
});

const idsOf = (batches: readonly (readonly ProbeRequest[])[]) =>
  batches.map((batch) => batch.map(({ headers }) => String(headers[idHeader])));

test("each request of each round has an id of its own, and those of the last round are known", async () => {
  let asked = 0;
  const late = sender(({ path }) => (path === "/one" && (asked += 1) < 3 ? denied : granted));
  const all = [planned(here, "one", 200, "t"), planned(there, "two", 200)];
  const settled = { deadline: () => 10_000, signal: live, waiting: () => undefined };
  const round = await sendUntilSettled(all, late.made, settled);
  const sent = idsOf(late.batches).flat();
  assert.equal(sent.length, 6);
  assert.equal(new Set(sent).size, 6);
  assert.ok(sent.every((id) => /^[\w-]{1,64}$/.test(id)));
  assert.deepEqual(
    all.map((cell) => round.ids.get(cell)),
    sent.slice(-2),
  );
  assert.ok([...round.ids.values()].every((id) => id.startsWith(`${round.name}-`)));
  const other = sender(() => granted);
  await sendUntilSettled(all, other.made, settled);
  assert.ok(
    idsOf(other.batches)
      .flat()
      .every((id) => !sent.includes(id)),
    "another run's are others",
  );
});

test("the id is in addition to the other headers, and in no plan; a connection has none", async () => {
  const { made, batches } = sender(() => granted);
  const tcp = planned(here, "two", 200);
  const connection = {
    ...tcp,
    request: tcp.request && { ...tcp.request, protocol: "tcp" as const },
  };
  const cells = [connection, planned(here, "one", 200, "t")];
  const { ids } = await sendAll(cells, made, "run-1");
  assert.deepEqual(
    batches.flat().map(({ headers }) => headers),
    [{}, { authorization: "Bearer t", [idHeader]: "run-1-0" }],
  );
  assert.deepEqual([...ids.values()], ["run-1-0"]);
  assert.deepEqual(cells[1]?.request?.headers, { authorization: "Bearer t" });
});
