import * as z from "zod/mini";
import type { Answer } from "./neighbour";

/** A book, as productpage's own API lists it. */
export interface Product {
  readonly id: number;
  readonly title: string;
  /** Trusted HTML: written in productpage, never by a neighbour or a user. */
  readonly descriptionHtml: string;
}

/** A link in a page's head. */
export interface Link {
  readonly href: string;
  readonly text: string;
}

const Details = z.object({
  "ISBN-10": z.string(),
  publisher: z.string(),
  pages: z.number(),
  type: z.string(),
  language: z.string(),
});

const Rating = z.union([
  z.object({ stars: z.int().check(z.minimum(0), z.maximum(5)), color: z.string() }),
  z.object({ error: z.string() }),
]);

const Reviews = z.object({
  podname: z.string(),
  clustername: z.string(),
  reviews: z.array(
    z.object({ reviewer: z.string(), text: z.string(), rating: z.optional(Rating) }),
  ),
});

const Failure = z.object({ error: z.string() });

/** The book's page: the neighbours' answers, or, in their place, that they are unavailable. */
export function bookPage(
  product: Product,
  details: Answer,
  reviews: Answer,
  links: readonly Link[] = [],
): string {
  return layout(
    product.title,
    `<section class="book">
      <h1>${escape(product.title)}</h1>
      <p>${product.descriptionHtml}</p>
    </section>
    ${section("Book Details", "product details", Details, details, detailsTable)}
    ${section("Book Reviews", "product reviews", Reviews, reviews, reviewList)}`,
    links,
  );
}

/** A page with one message and a link back to the book. */
export function messagePage(said: string): string {
  return layout(
    said,
    `<section class="book">
      <h1>${escape(said)}</h1>
      <p><a class="button" href="/productpage">Go to the book</a></p>
    </section>`,
  );
}

/** The start page: the services behind this one, by name and address, and a link to the book. */
export function indexPage(services: Readonly<Record<string, string>>): string {
  const rows = Object.entries(services).map(
    ([name, address]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(address)}</td></tr>`,
  );
  return layout(
    "Bookinfo",
    `<section class="book">
      <h1>Bookinfo</h1>
      <p>A bookstore made of small services. This page asks the ones below.</p>
      <table><tbody>${rows.join("")}</tbody></table>
      <p><a class="button" href="/productpage">Go to the book</a></p>
    </section>`,
  );
}

function section<Shape extends z.core.$ZodType>(
  title: string,
  what: string,
  shape: Shape,
  { status, value }: Answer,
  show: (data: z.core.output<Shape>) => string,
): string {
  const parsed = status === 200 ? z.safeParse(shape, value) : undefined;
  if (parsed?.success) return `<section><h2>${title}</h2>${show(parsed.data)}</section>`;
  const failure = Failure.safeParse(value);
  const reason = failure.success ? failure.data.error : `Sorry, ${what} cannot be shown.`;
  return `<section class="unavailable" data-status="${status}">
    <h2>Error fetching ${what}</h2><p>${escape(reason)}</p>
  </section>`;
}

function detailsTable(details: z.output<typeof Details>): string {
  const rows = [
    ["ISBN-10", details["ISBN-10"]],
    ["Publisher", details.publisher],
    ["Pages", String(details.pages)],
    ["Type", details.type],
    ["Language", details.language],
  ] as const;
  const cells = rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${escape(value)}</dd></div>`);
  return `<dl>${cells.join("")}</dl>`;
}

function reviewList(reviews: z.output<typeof Reviews>): string {
  const cluster = reviews.clustername === "null" ? "" : ` on cluster ${reviews.clustername}`;
  const figures = reviews.reviews.map(
    ({ reviewer, text, rating }) => `<figure>
      ${rating ? ratingLine(rating) : ""}
      <blockquote>${escape(text)}</blockquote>
      <figcaption>${escape(reviewer)}</figcaption>
    </figure>`,
  );
  const server = escape(`Reviews served by: ${reviews.podname}${cluster}`);
  return `<div class="reviews">${figures.join("")}</div><p class="server">${server}</p>`;
}

function ratingLine(rating: z.output<typeof Rating>): string {
  if ("error" in rating) return `<p class="error">${escape(rating.error)}</p>`;
  const { stars, color } = rating;
  return `<p class="stars ${escape(color)}" aria-label="${stars} of 5 stars">${"★".repeat(stars)}${"☆".repeat(5 - stars)}</p>`;
}

function layout(title: string, body: string, links: readonly Link[] = []): string {
  const all = [{ href: "/productpage", text: "Bookinfo" }, ...links];
  const anchors = all.map(({ href, text }) => `<a href="${escape(href)}">${escape(text)}</a>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escape(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/static/bookinfo.css">
  </head>
  <body>
    <header>${anchors.join(" ")}</header>
    <main>${body}</main>
  </body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
