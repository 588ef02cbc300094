/**
 * The table: which services there are, who may call each, which permission it needs and which role holds it.
 *
 * It is written here and nowhere else. The tenant's scopes and roles, the mesh's policies, the
 * policy pack's expectations and the verification's are all derived from it.
 */

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

/**
 * What a request must carry: nothing (`public`), any valid token of the issuer (`signedIn`), or a
 * token that holds a permission.
 */
export type Requirement = "public" | "signedIn" | { readonly permission: Permission };

/** The caller that is not a service of the table: Istio's ingress gateway. */
export const gateway = "gateway";

/** One service's row: who may call it, as what, and what the request must carry. */
export interface ServiceAccess {
  /** The workloads whose identity (service account) may call it. */
  readonly callers: readonly (typeof gateway | ServiceName)[];
  readonly requires: Requirement;
}

export type ServiceName = "productpage" | "details" | "reviews" | "ratings";

/** Every service that anybody may reach. A service that is not here is reachable by nobody. */
export const services: Readonly<Record<ServiceName, ServiceAccess>> = {
  productpage: { callers: [gateway], requires: "public" },
  details: { callers: ["productpage"], requires: { permission: "read:book-details" } },
  reviews: { callers: ["productpage"], requires: { permission: "read:book-reviews" } },
  ratings: { callers: ["reviews"], requires: { permission: "read:book-reviews" } },
};
