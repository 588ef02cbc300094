import type { IncomingMessage, ServerResponse } from "node:http";
import { URLPattern } from "node:url";

import { parseJson, readBody, sendJson, UnreadableRequest, urlOf } from "../http";
import type { Tenant } from "../tenant";
import { actionOperations } from "./actions";
import { clientGrantOperations } from "./clientGrants";
import { clientOperations } from "./clients";
import { connectionOperations } from "./connections";
import { ApiError, badRequest } from "./errors";
import type { Operation, Reply } from "./operation";
import { resourceServerOperations } from "./resourceServers";
import { roleOperations } from "./roles";
import { signingKeyOperations } from "./signingKeys";
import { userAccessOperations } from "./userAccess";
import { userOperations } from "./users";

const base = "/api/v2";

/** Every endpoint of the Management API that this tenant has. */
export const operations: readonly Operation[] = [
  ...clientOperations,
  ...clientGrantOperations,
  ...connectionOperations,
  ...resourceServerOperations,
  ...roleOperations,
  ...userOperations,
  ...userAccessOperations,
  ...signingKeyOperations,
  ...actionOperations,
];

const routes = operations.map((operation) => ({
  operation,
  pattern: new URLPattern({ pathname: `${base}${operation.path}` }),
}));

/** Whether the path belongs to the Management API. */
export function isManagementPath(pathname: string): boolean {
  return pathname === base || pathname.startsWith(`${base}/`);
}

/** Answers a request to the Management API. */
export async function manage(
  tenant: Tenant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, body } = await answer(tenant, request, response);
    sendJson(response, status, body);
  } catch (error) {
    const refusal = refusalOf(error);
    sendJson(response, refusal.statusCode, refusal);
  }
}

function refusalOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof UnreadableRequest) return badRequest("invalid_body", error.message);
  // The reason is written to the tenant's own log only; the caller could learn secrets from it.
  console.error(
    `management: ${error instanceof Error ? (error.stack ?? error.message) : "failed"}`,
  );
  return new ApiError(500, "internal_error", "An internal error occurred");
}

async function answer(
  tenant: Tenant,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply> {
  const url = urlOf(request);
  // This check comes first: without a valid token a client neither learns which endpoints exist, nor uses up the limit.
  const scopes = await authorize(tenant, request);
  tenant.rateLimit.take(response);
  const found = find(request.method ?? "", url);
  if (found === undefined) throw new ApiError(404, undefined, "Not Found");
  const { operation, path } = found;
  if (!scopes.has(operation.scope))
    throw new ApiError(
      403,
      "insufficient_scope",
      `Insufficient scope, expected any of: ${operation.scope}`,
    );
  refuseOtherParameters(operation, url.searchParams);
  const text = await readBody(request);
  const body = text === "" ? undefined : parseJson(text);
  const reply = await operation.run({ tenant, path, query: url.searchParams, body, scopes });
  if (operation.method !== "GET") await tenant.save();
  return reply;
}

/** Refuses parameters that would change the answer and that this tenant does not implement. */
function refuseOtherParameters({ method, path, query = [] }: Operation, asked: URLSearchParams) {
  const others = [...new Set(asked.keys())].filter((name) => !query.includes(name));
  if (others.length === 0) return;
  const named = others.map((name) => `'${name}'`).join(", ");
  throw new ApiError(
    400,
    "invalid_query_string",
    `Query validation error: this tenant does not implement ${named} of ${method} ${path}.`,
  );
}

/** The scopes of the request's token; a request without a valid token is refused. */
async function authorize(
  tenant: Tenant,
  { headers: { authorization } }: IncomingMessage,
): Promise<ReadonlySet<string>> {
  if (authorization === undefined) throw unauthorized("Missing authentication");
  const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
  const claims =
    token === undefined
      ? undefined
      : await tenant.keys.verify(token, tenant.issuer, tenant.managementAudience);
  if (claims === undefined) throw unauthorized("Invalid token");
  return new Set(typeof claims.scope === "string" ? claims.scope.split(" ") : []);
}

function unauthorized(message: string): ApiError {
  return new ApiError(401, undefined, message);
}

function find(
  method: string,
  url: URL,
): { operation: Operation; path: Readonly<Record<string, string>> } | undefined {
  for (const { operation, pattern } of routes) {
    if (operation.method !== method) continue;
    const match = pattern.exec({ pathname: url.pathname });
    if (match !== null) return { operation, path: decodeParts(match.pathname.groups) };
  }
  return undefined;
}

function decodeParts(groups: Record<string, string | undefined>): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value ?? "")]),
    );
  } catch {
    throw badRequest("invalid_uri", "The path is not properly encoded");
  }
}
