/**
 * Stands in for Bookinfo's productpage. The real one's own login, which accepts any name, is left out; in its place is
 * one with a provider, for stacks whose people sign in at the application.
 */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { ask, forwardedHeaders, neighbour, type Answer } from "./neighbour";
import { loginFrom } from "./login";
import { bookPage, indexPage, type Product } from "./pages";
import { html, json, serve, type Reply } from "./server";

/** How long each neighbour may take to answer, in milliseconds. */
const timeoutMs = 3_000;

const products: readonly [Product] = [
  {
    id: 0,
    title: "The Comedy of Errors",
    descriptionHtml:
      '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Wikipedia Summary</a>: The Comedy of Errors is one of <b>William Shakespeare\'s</b> early plays. It is his shortest and one of his most farcical comedies, with a major part of the humour coming from slapstick and mistaken identity, in addition to puns and word play.',
  },
];

/** The services behind this one; the real productpage asks reviews twice before it gives up. */
const behind = {
  details: { address: neighbour("details"), attempts: 1 },
  reviews: { address: neighbour("reviews"), attempts: 2 },
  ratings: { address: neighbour("ratings"), attempts: 1 },
} as const;

type Behind = keyof typeof behind;

const stylesheet: Reply = {
  status: 200,
  contentType: "text/css; charset=utf-8",
  body: readFileSync(join(__dirname, "static/bookinfo.css"), "utf8"),
};

const login = loginFrom(process.env);

serve("productpage", [
  ...(login?.routes ?? []),
  { method: "GET", path: /^\/health$/, answer: () => html("Product page is healthy") },
  { method: "GET", path: /^\/(?:index\.html)?$/, answer: () => html(indexPage(addresses())) },
  { method: "GET", path: /^\/static\/bookinfo\.css$/, answer: () => stylesheet },
  { method: "GET", path: /^\/productpage$/, answer: page },
  { method: "GET", path: /^\/api\/v1\/products$/, answer: () => json(200, products) },
  { method: "GET", path: /^\/api\/v1\/products\/([^/]+)$/, answer: passOn("details") },
  { method: "GET", path: /^\/api\/v1\/products\/([^/]+)\/reviews$/, answer: passOn("reviews") },
  { method: "GET", path: /^\/api\/v1\/products\/([^/]+)\/ratings$/, answer: passOn("ratings") },
]);

function addresses(): Record<string, string> {
  return Object.fromEntries(Object.entries(behind).map(([name, { address }]) => [name, address]));
}

/** The page is always 200: it says in its text what a service behind it did not answer. */
async function page(request: IncomingMessage): Promise<Reply> {
  const [product] = products;
  const details = await fetchFrom("details", String(product.id), request);
  const reviews = await fetchFrom("reviews", String(product.id), request);
  return personal(html(bookPage(product, details, reviews, linksFor(request))));
}

/**
 * A browser must not keep a page for which a session's token may have been used: the Back button would show it after
 * the sign-out.
 */
function personal(reply: Reply): Reply {
  return login === undefined ? reply : { ...reply, headers: { "cache-control": "no-store" } };
}

/** Where the user signs in or out, if that is here. */
function linksFor(request: IncomingMessage) {
  if (login === undefined) return [];
  return login.tokenOf(request) === undefined
    ? [{ href: "/login", text: "Sign in" }]
    : [{ href: "/logout", text: "Sign out" }];
}

/** The headers for the services behind: with the session's token, and never with its cookie. */
function headersFor(request: IncomingMessage) {
  const { cookie, ...headers } = forwardedHeaders(request.headers);
  if (login === undefined) return { ...headers, ...(cookie !== undefined && { cookie }) };
  const token = login.tokenOf(request);
  // A machine's own token is passed on unchanged.
  return token === undefined ? headers : { authorization: `Bearer ${token}`, ...headers };
}

/** Answers with a neighbour's status, and its JSON or a message for the user. */
function passOn(service: Behind): (request: IncomingMessage, product: string) => Promise<Reply> {
  return async (request, product) => {
    const { status, value } = await fetchFrom(service, product, request);
    return personal(json(status, value));
  };
}

async function fetchFrom(
  service: Behind,
  product: string,
  request: IncomingMessage,
): Promise<Answer> {
  const { address, attempts } = behind[service];
  const headers = headersFor(request);
  let status = 500;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await ask(`${address}/${service}/${product}`, headers, timeoutMs);
    if (answer.status === 200) return answer;
    status = answer.status;
  }
  const what = service === "details" ? "product details" : `product ${service}`;
  return {
    status,
    value: { error: `Sorry, ${what} are currently unavailable for this book.` },
  };
}
