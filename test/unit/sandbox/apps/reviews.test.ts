/** The reviews stand-in shows its version's stars, hands on Bookinfo's headers, and answers also without ratings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { always, behind, closedPort, neighbour, send, sendForJson } from "./programs";
import { forwardedHeaders, otherHeaders, start } from "./services";

const texts = [
  "An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!",
  "Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by Shakespeare.",
];
const unavailable = { error: "Ratings service is currently unavailable" };

/** What reviews answers, with one rating for each of its two reviewers, or without any. */
function reviews(ratings?: readonly [unknown, unknown]): unknown {
  return {
    id: "0",
    podname: "reviews-pod",
    clustername: "null",
    reviews: texts.map((text, index) => {
      const reviewer = `Reviewer${index + 1}`;
      return ratings ? { reviewer, text, rating: ratings[index] } : { reviewer, text };
    }),
  };
}

const versions = {
  v1: {},
  v2: { ENABLE_RATINGS: "true", STAR_COLOR: "black" },
  v3: { ENABLE_RATINGS: "true", STAR_COLOR: "red" },
};

const startReviews = (version: keyof typeof versions, ratingsPort: number) =>
  start("reviews", {
    HOSTNAME: "reviews-pod",
    ...versions[version],
    ...behind({ ratings: ratingsPort }),
  });

test("v1 shows no stars and asks nobody", async () => {
  const ratings = await always(200, {});
  const service = await startReviews("v1", ratings.port);
  assert.deepEqual(await sendForJson(service, "/reviews/0"), { status: 200, value: reviews() });
  assert.equal(ratings.requests.length, 0);
});

for (const [version, color] of [
  ["v2", "black"],
  ["v3", "red"],
] as const) {
  test(`${version} shows ${color} stars, as ratings gives them`, async () => {
    const service = await startReviews(version, (await start("ratings")).port);
    assert.deepEqual(await sendForJson(service, "/reviews/0"), {
      status: 200,
      value: reviews([
        { stars: 5, color },
        { stars: 4, color },
      ]),
    });
  });
}

test("reviews hands on exactly the headers that the real one hands on", async () => {
  const ratings = await always(200, { ratings: { Reviewer1: 1, Reviewer2: 2 } });
  const service = await startReviews("v2", ratings.port);
  const headers = { ...forwardedHeaders, "end-user": "jason", ...otherHeaders };
  assert.equal((await send(service, "/reviews/3?x=1", { headers })).status, 200);
  assert.deepEqual(ratings.requests, [
    {
      url: "/ratings/3",
      headers: {
        ...forwardedHeaders,
        "end-user": "jason",
        host: `127.0.0.1:${ratings.port}`,
        connection: "close",
      },
    },
  ]);
});

test("without ratings the reviews are shown, each with what is missing", async () => {
  const ports = {
    refused: (await always(403, "RBAC: access denied")).port,
    unreachable: await closedPort(),
    "not JSON": (await always(200, "<html>")).port,
    "another shape": (await always(200, { ratings: { Reviewer1: "five" } })).port,
    "no ratings": (await always(200, {})).port,
  };
  for (const [failure, port] of Object.entries(ports)) {
    const service = await startReviews("v2", port);
    assert.deepEqual(
      await sendForJson(service, "/reviews/0"),
      { status: 200, value: reviews([unavailable, unavailable]) },
      failure,
    );
  }
});

test("a rating that one reviewer did not give is missing for that one only", async () => {
  const service = await startReviews("v3", (await always(200, { ratings: { Reviewer2: 3 } })).port);
  assert.deepEqual(await sendForJson(service, "/reviews/0"), {
    status: 200,
    value: reviews([unavailable, { stars: 3, color: "red" }]),
  });
});

test("v3 gives up on ratings that do not answer", async () => {
  const silent = await neighbour(() => undefined);
  const service = await startReviews("v3", silent.port);
  assert.deepEqual(await sendForJson(service, "/reviews/0"), {
    status: 200,
    value: reviews([unavailable, unavailable]),
  });
  assert.equal(silent.requests.length, 1);
});

test("reviews is healthy, knows its cluster and has no other paths", async () => {
  const service = await start("reviews", { CLUSTER_NAME: "east" });
  assert.deepEqual(await sendForJson(service, "/health"), {
    status: 200,
    value: { status: "Reviews is healthy" },
  });
  const { value } = await sendForJson(service, "/reviews/0");
  assert(
    typeof value === "object" && value !== null && "clustername" in value && "podname" in value,
  );
  assert.deepEqual([value.podname, value.clustername], ["null", "east"]);
  for (const path of ["/reviews/", "/reviews/zero", "/reviews/0/1", "/reviews"]) {
    assert.equal((await send(service, path)).status, 404, path);
  }
});
