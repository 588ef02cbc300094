/** A service with an OpenAPI document, whose operations the policies admit. */
import { application as bookinfo } from "../../../../application";
import {
  type Application,
  type ApplicationService,
  serviceOf,
} from "../../../../components/application";
import type { Mutation } from "./mutation";

const operations = {
  "GET /details/{id}": "read:book-details",
  "GET /health": "signedIn",
} as const;

/** Bookinfo, with a document for details. */
export const documented: Application = {
  ...bookinfo,
  services: {
    ...bookinfo.services,
    details: {
      ...serviceOf(bookinfo, "details"),
      requires: undefined,
      operations,
      document: { file: "details.yaml", operations },
    } as ApplicationService,
  },
};

const details = { rule: "api-document", of: "AuthorizationPolicy access-details" };
const operation = ["spec", "rules", 0, "to", 0, "operation"] as const;

export const documentMutations: readonly Mutation[] = [
  {
    weakening: "a path that the document does not have",
    ...details,
    at: [...operation, "paths", 1],
    value: "/admin",
  },
  {
    weakening: "a method that the document does not have",
    ...details,
    at: [...operation, "methods", 1],
    value: "DELETE",
  },
  {
    weakening: "every path of a document's service",
    ...details,
    at: [...operation, "paths"],
    value: undefined,
  },
  {
    weakening: "an operation of the document that is refused",
    ...details,
    at: [...operation, "paths", 0],
    value: "/details/0",
  },
];
