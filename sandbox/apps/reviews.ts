/**
 * Stands in for Bookinfo's reviews, all three versions: the image sets ENABLE_RATINGS and
 * STAR_COLOR, so that v1 shows no stars, v2 black ones and v3 red ones.
 */
import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod/mini";
import { ask, forwardedHeaders, neighbour } from "./neighbour";
import { json, serve } from "./server";

const withRatings = process.env.ENABLE_RATINGS === "true";
const color = process.env.STAR_COLOR ?? "black";
/** How long ratings may take to answer, in milliseconds; the real v3 waits less than v2. */
const timeoutMs = color === "black" ? 10_000 : 2_500;
const ratingsAddress = neighbour("ratings");

const Ratings = z.object({
  ratings: z.object({ Reviewer1: z.optional(z.int()), Reviewer2: z.optional(z.int()) }),
});

const texts = {
  Reviewer1: "An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!",
  Reviewer2:
    "Absolutely fun and entertaining. The play lacks thematic depth when compared to other plays by Shakespeare.",
} as const;

type Reviewer = keyof typeof texts;
type Stars = Partial<Record<Reviewer, number | undefined>>;

serve("reviews", [
  { method: "GET", path: /^\/health$/, answer: () => json(200, { status: "Reviews is healthy" }) },
  {
    method: "GET",
    path: /^\/reviews\/(-?\d+)$/,
    answer: async ({ headers }, product) => {
      const stars = withRatings ? await askRatings(product, headers) : {};
      return json(200, {
        id: product,
        podname: process.env.HOSTNAME ?? "null",
        clustername: process.env.CLUSTER_NAME ?? "null",
        reviews: [review("Reviewer1", stars), review("Reviewer2", stars)],
      });
    },
  },
]);

async function askRatings(product: string, headers: IncomingHttpHeaders): Promise<Stars> {
  const { value } = await ask(
    `${ratingsAddress}/ratings/${product}`,
    forwardedHeaders(headers, ["end-user"]),
    timeoutMs,
  );
  const parsed = Ratings.safeParse(value);
  return parsed.success ? parsed.data.ratings : {};
}

function review(reviewer: Reviewer, stars: Stars): unknown {
  const text = texts[reviewer];
  return withRatings ? { reviewer, text, rating: rating(stars[reviewer]) } : { reviewer, text };
}

function rating(stars: number | undefined): unknown {
  return stars === undefined
    ? { error: "Ratings service is currently unavailable" }
    : { stars, color };
}
