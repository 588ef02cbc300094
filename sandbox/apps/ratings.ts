/** Stands in for Bookinfo's ratings: how many stars each reviewer gave, kept in memory. */
import type { IncomingMessage } from "node:http";
import { bodyOf, json, serve, type Reply } from "./server";

/** More than this many bytes of ratings are refused. */
const limit = 64 * 1024;

const given = new Map<number, unknown>();

serve("ratings", [
  { method: "GET", path: /^\/health$/, answer: () => json(200, { status: "Ratings is healthy" }) },
  {
    method: "GET",
    path: /^\/ratings\/(.*)$/,
    answer: (_request, parameter) => withProduct(parameter, (id) => json(200, ratings(id))),
  },
  {
    method: "POST",
    path: /^\/ratings\/(.*)$/,
    answer: (request, parameter) => withProduct(parameter, (id) => replace(request, id)),
  },
]);

function withProduct(
  parameter: string,
  answer: (id: number) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  const id = Number.parseInt(parameter.split("/").at(-1) ?? "");
  if (Number.isNaN(id)) return json(400, { error: "please provide numeric product ID" });
  return answer(id);
}

function ratings(id: number): unknown {
  return { id, ratings: given.get(id) ?? { Reviewer1: 5, Reviewer2: 4 } };
}

async function replace(request: IncomingMessage, id: number): Promise<Reply> {
  const body = await bodyOf(request, limit);
  if (body === undefined) return json(413, { error: "please provide fewer ratings" });
  try {
    given.set(id, JSON.parse(body));
  } catch {
    return json(400, { error: "please provide valid ratings JSON" });
  }
  return json(200, ratings(id));
}
