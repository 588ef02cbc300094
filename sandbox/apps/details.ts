/** Stands in for Bookinfo's details: returns what is known about a book. */
import { json, serve } from "./server";

serve("details", [
  { method: "GET", path: /^\/health$/, answer: () => json(200, { status: "Details is healthy" }) },
  {
    method: "GET",
    path: /^\/details(?:\/(.*))?$/,
    answer: (_request, rest) => {
      const product = rest.split("/").findLast((part) => part !== "") ?? "";
      return /^-?\d+$/.test(product)
        ? json(200, details(Number(product)))
        : json(400, { error: "please provide numeric product id" });
    },
  },
]);

function details(id: number): unknown {
  return {
    id,
    author: "William Shakespeare",
    year: 1595,
    type: "paperback",
    pages: 200,
    publisher: "PublisherA",
    language: "English",
    "ISBN-10": "1234567890",
    "ISBN-13": "123-1234567890",
  };
}
