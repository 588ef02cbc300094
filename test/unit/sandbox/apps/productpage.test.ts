/** The productpage stand-in passes on headers, statuses and answers as Bookinfo's does, and escapes what it shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  always,
  behind,
  closedPort,
  neighbour,
  send,
  sendForJson,
  type Neighbour,
} from "./programs";
import { forwardedHeaders, otherHeaders, start } from "./services";

const sorry = (what: string) => ({
  error: `Sorry, product ${what} are currently unavailable for this book.`,
});

/** Productpage, with neighbours of which the test says what each answers. */
async function startBefore(neighbours: Readonly<Record<string, Pick<Neighbour, "port">>>) {
  const ports = Object.entries(neighbours).map(([name, { port }]) => [name, port] as const);
  return start("productpage", behind(Object.fromEntries(ports)));
}

test("with its real neighbours productpage passes on what they answer", async () => {
  const ratings = await start("ratings");
  const reviews = await start("reviews", {
    HOSTNAME: "reviews-pod",
    ENABLE_RATINGS: "true",
    STAR_COLOR: "red",
    ...behind({ ratings: ratings.port }),
  });
  const details = await start("details");
  const page = await startBefore({ details, reviews, ratings });

  for (const [path, service, own] of [
    ["/api/v1/products/0", details, "/details/0"],
    ["/api/v1/products/0/reviews", reviews, "/reviews/0"],
    ["/api/v1/products/0/ratings", ratings, "/ratings/0"],
  ] as const) {
    const passed = await sendForJson(page, path);
    assert.equal(passed.status, 200, path);
    assert.deepEqual(passed, await sendForJson(service, own), path);
  }

  const { status, headers, body } = await send(page, "/productpage");
  assert.deepEqual([status, headers["content-type"]], [200, "text/html; charset=utf-8"]);
  for (const shown of [
    "<h1>The Comedy of Errors</h1>",
    "<dt>ISBN-10</dt><dd>1234567890</dd>",
    "<dt>Pages</dt><dd>200</dd>",
    '<p class="stars red" aria-label="5 of 5 stars">★★★★★</p>',
    '<p class="stars red" aria-label="4 of 5 stars">★★★★☆</p>',
    "<figcaption>Reviewer2</figcaption>",
    "Reviews served by: reviews-pod<",
  ]) {
    assert(body.includes(shown), shown);
  }
  assert(!body.includes("Error fetching"));
});

test("the list of products needs no neighbour", async () => {
  const { status, value } = await sendForJson(await start("productpage"), "/api/v1/products");
  assert(Array.isArray(value));
  assert.deepEqual(
    [status, value.length, Object.keys(value[0] as object)],
    [200, 1, ["id", "title", "descriptionHtml"]],
  );
});

test("a neighbour's refusal keeps its status in the interface, and the page stays 200", async () => {
  const refusal = await always(403, "RBAC: access denied");
  const page = await startBefore({ details: refusal, reviews: refusal, ratings: refusal });
  const expected = {
    "/api/v1/products/0": "details",
    "/api/v1/products/0/reviews": "reviews",
    "/api/v1/products/0/ratings": "ratings",
  };
  for (const [path, what] of Object.entries(expected)) {
    assert.deepEqual(await sendForJson(page, path), { status: 403, value: sorry(what) }, path);
  }
  assert.deepEqual(
    refusal.requests.map(({ url }) => url),
    ["/details/0", "/reviews/0", "/reviews/0", "/ratings/0"],
  );
  const { status, body } = await send(page, "/productpage");
  assert.equal(status, 200);
  for (const what of ["details", "reviews"]) {
    assert(body.includes(`<h2>Error fetching product ${what}</h2>`), what);
    assert(body.includes(`<p>${sorry(what).error}</p>`), what);
  }
  assert.equal(body.split('data-status="403"').length - 1, 2);
});

test("a neighbour that is not there, or answers 200 without JSON, is a 500", async () => {
  const page = await startBefore({
    details: { port: await closedPort() },
    reviews: await always(200, "<html>"),
    ratings: await always(200, ""),
  });
  const all = { "": "details", "/reviews": "reviews", "/ratings": "ratings" };
  for (const [path, what] of Object.entries(all)) {
    assert.deepEqual(await sendForJson(page, `/api/v1/products/0${path}`), {
      status: 500,
      value: sorry(what),
    });
  }
});

test("reviews is asked again once, and its second answer counts", async () => {
  const statuses = [503, 200];
  const reviews = await neighbour((_request, response) => {
    response.writeHead(statuses.shift() ?? 500);
    response.end("{}");
  });
  const page = await startBefore({ reviews });
  assert.deepEqual(await sendForJson(page, "/api/v1/products/0/reviews"), {
    status: 200,
    value: {},
  });
  assert.equal(reviews.requests.length, 2);
});

test("productpage hands on exactly the headers that the real one hands on", async () => {
  const all = await always(200, {});
  const page = await startBefore({ details: all, reviews: all, ratings: all });
  // The real productpage makes end-user from its own session, and so never from a request.
  const headers = { ...forwardedHeaders, ...otherHeaders, "end-user": "jason" };
  for (const path of ["/5", "/5/reviews", "/5/ratings"]) {
    await send(page, `/api/v1/products${path}?x=1`, { headers });
  }
  await send(page, "/productpage", { headers });
  const received = { ...forwardedHeaders, host: `127.0.0.1:${all.port}`, connection: "close" };
  assert.deepEqual(
    all.requests,
    ["/details/5", "/reviews/5", "/ratings/5", "/details/0", "/reviews/0"].map((url) => ({
      url,
      headers: received,
    })),
  );
});

test("without a token none is made up", async () => {
  const details = await always(200, {});
  const page = await startBefore({ details });
  await send(page, "/api/v1/products/0");
  assert.deepEqual(
    details.requests.map(({ headers }) => Object.keys(headers).sort()),
    [["connection", "host"]],
  );
});

test("what a neighbour tells cannot become markup", async () => {
  const markup = `<script>alert("1")</script>&'`;
  const page = await startBefore({
    details: await always(200, {
      "ISBN-10": markup,
      publisher: markup,
      pages: 1,
      type: markup,
      language: markup,
    }),
    reviews: await always(200, {
      podname: markup,
      clustername: markup,
      reviews: [
        { reviewer: markup, text: markup, rating: { stars: 1, color: markup } },
        { reviewer: markup, text: markup, rating: { error: markup } },
      ],
    }),
  });
  const { body } = await send(page, "/productpage");
  assert(!body.includes("<script"));
  const escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
  assert.equal(body.split(escaped).length - 1, 12);
});

test("an answer of another shape is not shown as data", async () => {
  const page = await startBefore({
    details: await always(200, { pages: "many" }),
    reviews: await always(200, { reviews: [{ stars: 99 }] }),
  });
  const { status, body } = await send(page, "/productpage");
  assert.equal(status, 200);
  assert(body.includes("<p>Sorry, product details cannot be shown.</p>"));
  assert(body.includes("<p>Sorry, product reviews cannot be shown.</p>"));
});

test("the start page names the services where the environment puts them", async () => {
  const page = await start("productpage", {
    SERVICES_DOMAIN: "bookinfo.example",
    DETAILS_HOSTNAME: "catalogue",
    RATINGS_SERVICE_PORT: "9090",
  });
  const { body } = await send(page, "/");
  for (const address of [
    "http://catalogue.bookinfo.example:9080",
    "http://reviews.bookinfo.example:9080",
    "http://ratings.bookinfo.example:9090",
  ]) {
    assert(body.includes(`<td>${address}</td>`), address);
  }
  assert.equal((await send(page, "/index.html")).body, body);
});

test("the page's style, health, and nothing else of the real one's own login", async () => {
  const page = await start("productpage");
  const style = await send(page, "/static/bookinfo.css");
  assert.deepEqual([style.status, style.headers["content-type"]], [200, "text/css; charset=utf-8"]);
  assert(style.body.includes(".stars.red"));
  assert.equal((await send(page, "/health")).body, "Product page is healthy");
  for (const path of ["/static/../productpage.js", "/static/", "/login", "/logout"]) {
    assert.equal((await send(page, path)).status, 404, path);
  }
});
