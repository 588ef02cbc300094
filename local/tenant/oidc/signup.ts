import type { Middleware } from "koa";
import { z } from "zod";

import { parseJson, readBody, UnreadableRequest } from "../http";
import { connectionsOf } from "../permissions";
import type { Tenant } from "../tenant";
import { addUser, UserRefused } from "../users";

const signupSchema = z.object({
  client_id: z.string(),
  connection: z.string(),
  email: z.email(),
  password: z.string().min(1),
});

interface Answer {
  readonly status: number;
  readonly body: object;
}

const refusals: Readonly<Record<UserRefused["reason"], Answer>> = {
  // The same as for any other failure, so that a client does not learn here which accounts exist.
  exists: {
    status: 400,
    body: { name: "BadRequestError", code: "invalid_signup", description: "Invalid sign up" },
  },
  weakPassword: {
    status: 400,
    body: {
      name: "PasswordStrengthError",
      code: "invalid_password",
      message: "Password is too weak",
    },
  },
};

/** Auth0's sign-up for database connections; one with `disable_signup` refuses it. */
export function signup(tenant: Tenant): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== "/dbconnections/signup" || ctx.method !== "POST") {
      await next();
      return;
    }
    const { status, body } = await answer(tenant, await readBody(ctx.req));
    ctx.status = status;
    ctx.body = body;
  };
}

async function answer(tenant: Tenant, text: string): Promise<Answer> {
  const request = signupSchema.safeParse(parseOrNothing(text));
  if (!request.success) return { status: 400, body: { error: "invalid sign-up request" } };
  const { client_id, connection: name, email, password } = request.data;
  const connection = connectionsOf(tenant.state, client_id).find(
    (candidate) => candidate.name === name,
  );
  if (connection === undefined) return { status: 400, body: { error: "connection is disabled" } };
  if (connection.options.disable_signup === true)
    return { status: 400, body: { error: "public signup is disabled" } };
  try {
    const user = await addUser(tenant.state, connection, { email, password });
    await tenant.save();
    const _id = user.user_id.replace(/^auth0\|/, "");
    return { status: 200, body: { _id, email: user.email, email_verified: false } };
  } catch (error) {
    if (error instanceof UserRefused) return refusals[error.reason];
    throw error;
  }
}

function parseOrNothing(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof UnreadableRequest) return undefined;
    throw error;
  }
}
