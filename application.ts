/**
 * The table: which services there are, who may call each, which permission it needs and which role holds it.
 *
 * It is written here and nowhere else. The tenant's scopes and roles, the mesh's policies, the
 * policy pack's expectations and the verification's are all derived from it.
 */
import { z } from "zod";
import { bookinfoSettings } from "./settings";
import type {
  AnswerPart,
  Application,
  ApplicationService,
  ServicePlace,
  Path,
} from "./components/application";
import { gateway, type RequestAccess } from "./components/access/rows";

/** What each permission is for; the tenant shows it to people who grant it. */
export const permissions = {
  "read:book-details": "Read a book's details",
  "read:book-reviews": "Read a book's reviews and ratings",
} as const;

export type Permission = keyof typeof permissions;

/** The roles that users may hold, and the permissions that each role grants. */
export const roles = {
  user: {
    description: "Reads details",
    permissions: ["read:book-details"],
  },
  moderator: {
    description: "Reads details, reviews and ratings",
    permissions: ["read:book-details", "read:book-reviews"],
  },
} as const satisfies Record<string, { description: string; permissions: readonly Permission[] }>;

export type Role = keyof typeof roles;

export type ServiceName = "productpage" | "details" | "reviews" | "ratings";

/** Every service that a client may reach. A service that is not here is refused to every client. */
export const services: Readonly<Record<ServiceName, RequestAccess<ServiceName, Permission>>> = {
  productpage: { callers: [gateway], requires: "public" },
  details: { callers: ["productpage"], requires: "read:book-details" },
  reviews: { callers: ["productpage"], requires: "read:book-reviews" },
  ratings: { callers: ["reviews"], requires: "read:book-reviews" },
};

/** The port that every service listens on. */
export const port = 9080;

/** A path that each service answers. */
const paths: Readonly<Record<ServiceName, string>> = {
  productpage: "/productpage",
  details: "/details/0",
  reviews: "/reviews/0",
  ratings: "/ratings/0",
};

/** The front door's paths. productpage's own /login takes any name without a password, so nothing leads there. */
const routes: readonly Path[] = [
  { exact: "/productpage" },
  { prefix: "/static" },
  { prefix: "/api/v1/products" },
];

const reviewsWith = (rating: z.ZodType) =>
  z.object({ reviews: z.array(z.object({ rating })).min(1) });

const answers = {
  present: reviewsWith(z.object({ stars: z.number() })),
  absent: reviewsWith(z.object({ error: z.string(), stars: z.never().optional() }).optional()),
};

/** The stars that a version of reviews shows. It gets them from ratings, and shows an error if ratings refuses it. */
const stars = (from: AnswerPart["from"]): AnswerPart => ({ name: "stars", from, ...answers });

/** What only some of the services have. */
const details: Readonly<
  Partial<
    Record<
      ServiceName,
      Pick<ServicePlace, "routes" | "versions"> & Pick<ApplicationService, "onRefusal">
    >
  >
> = {
  // Under /api it answers as the service behind it, with an error of its own.
  productpage: { routes, onRefusal: "same status" },
  reviews: {
    versions: [
      { name: "reviews-v1", part: stars(false) },
      { name: "reviews-v2", part: stars("ratings") },
      { name: "reviews-v3", part: stars("ratings") },
    ],
  },
};

const names = Object.keys(services) as ServiceName[];

/** Istio's Bookinfo with this table. */
export const application: Application<{ bookinfo: typeof bookinfoSettings }> = {
  name: "bookinfo",
  title: "Bookinfo",
  namespace: "bookinfo",
  people: true,
  audience: "https://bookinfo.io",
  home: "/productpage",
  permissions,
  roles,
  settings: { bookinfo: bookinfoSettings },
  services: Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...services[name],
        port,
        path: paths[name],
        serviceAccount: `bookinfo-${name}`,
        ...details[name],
      },
    ]),
  ),
  // The gateway leads only to productpage; each of its paths asks one more service, or none.
  requests: [
    { name: "productpage", path: "/productpage", through: ["productpage"] },
    { name: "products", path: "/api/v1/products", through: ["productpage"] },
    { name: "details", path: "/api/v1/products/0", through: ["productpage", "details"] },
    { name: "reviews", path: "/api/v1/products/0/reviews", through: ["productpage", "reviews"] },
    { name: "ratings", path: "/api/v1/products/0/ratings", through: ["productpage", "ratings"] },
  ],
};
