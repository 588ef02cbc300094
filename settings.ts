/** What Bookinfo adds to the library's settings: the section `bookinfo`. Pulumi.yaml describes it. */
import { z } from "zod";
import { matching, section } from "./components/settings/schema";

const percent = "a whole number from 0 to 100";
const share = () =>
  z.int({ error: percent }).min(0, { error: percent }).max(100, { error: percent });

/** Percent of the requests for reviews by version. */
const reviews = section({ v1: share(), v2: share(), v3: share() }).refine(
  ({ v1, v2, v3 }) => v1 + v2 + v3 === 100,
  { error: "shares of v1, v2 and v3 that make 100 together" },
);

const digest = matching(
  /^sha256:[0-9a-f]{64}$/,
  "an image's digest, sha256: and 64 hexadecimal digits",
);

/** The images, by the Deployments that run them. */
const digests = section({
  "productpage-v1": digest.optional(),
  "details-v1": digest.optional(),
  "reviews-v1": digest.optional(),
  "reviews-v2": digest.optional(),
  "reviews-v3": digest.optional(),
  "ratings-v1": digest.optional(),
});

/** Bookinfo's images, and its traffic. */
export const bookinfoSettings = section({
  /** The registry and path of Bookinfo's images. */
  registry: matching(
    /^[^\s/:]+(:\d+)?(\/[^\s/]+)*$/,
    "an image registry and path without https://, such as registry.istio.io/release",
  ).default("registry.istio.io/release"),
  /** The images' tag. A full one: "latest" would change under a running stack. */
  tag: matching(/^\d+\.\d+\.\d+[\w.-]*$/, 'a full version tag, such as "1.20.3"').default("1.20.3"),
  /** The images' digests, which fix them better than a tag. Default: none; a registry may know others for its copies. */
  digests: digests.prefault({}),
  /** How many percent of the requests for reviews each version gets. Default: a third each. */
  reviews: reviews.default({ v1: 34, v2: 33, v3: 33 }),
}).prefault({});

export type BookinfoSettings = z.output<typeof bookinfoSettings>;
