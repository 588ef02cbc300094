/** What Bookinfo adds to the library's settings: the section `bookinfo`. */
import { z } from "zod";
import { matching, section } from "./components/settings/schema";

const percent = "a whole number from 0 to 100";
const share = () =>
  z.int({ error: percent }).min(0, { error: percent }).max(100, { error: percent });

/** Percent of the requests for reviews by version. */
const reviews = section({
  v1: share().describe("Percent of the requests for reviews that go to v1, without stars."),
  v2: share().describe("Percent that go to v2, with black stars."),
  v3: share().describe("Percent that go to v3, with red stars."),
}).refine(({ v1, v2, v3 }) => v1 + v2 + v3 === 100, {
  error: "shares of v1, v2 and v3 that make 100 together",
});

const digest = matching(
  /^sha256:[0-9a-f]{64}$/,
  "an image's digest, sha256: and 64 hexadecimal digits",
);

/** The images, by the Deployments that run them. */
const digests = section({
  "productpage-v1": digest.optional().describe("Digest of productpage's image."),
  "details-v1": digest.optional().describe("Digest of details' image."),
  "reviews-v1": digest.optional().describe("Digest of the image of reviews v1."),
  "reviews-v2": digest.optional().describe("Digest of the image of reviews v2."),
  "reviews-v3": digest.optional().describe("Digest of the image of reviews v3."),
  "ratings-v1": digest.optional().describe("Digest of ratings' image."),
});

/** Bookinfo's images, and its traffic. */
export const bookinfoSettings = section({
  registry: matching(
    /^[^\s/:]+(:\d+)?(\/[^\s/]+)*$/,
    "an image registry and path without https://, such as registry.istio.io/release",
  )
    .default("registry.istio.io/release")
    .describe("The registry and path of Bookinfo's images."),

  tag: matching(/^\d+\.\d+\.\d+[\w.-]*$/, 'a full version tag, such as "1.20.3"')
    .default("1.20.3")
    .describe("The images' tag. It is a full one, as `latest` would change under a running stack."),

  digests: digests
    .prefault({})
    .describe(
      "The images' digests, which fix them better than a tag. A registry may have others for its copies.",
    ),

  reviews: reviews
    .default({ v1: 34, v2: 33, v3: 33 })
    .describe(
      "How many percent of the requests for reviews each version gets. Together they are 100.",
    ),
})
  .describe("Bookinfo's images, and its traffic.")
  .prefault({});

export type BookinfoSettings = z.output<typeof bookinfoSettings>;
