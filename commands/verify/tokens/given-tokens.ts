/** Tokens that are given by `--token NAME=FILE`. */
import { readFile } from "node:fs/promises";
import { decodeJwt } from "jose";
import type { JWTPayload } from "jose";
import type { TokenOption } from "../arguments";
import { UserError, reasonOf } from "../../../lib/errors";
import { fromPerson } from "../../../lib/output-files";
import type { StackOutputs } from "../../stack/outputs";
import type { Issued, IssuedTokens } from "./tokens";
import { machineViewer } from "../plan/viewers";

/**
 * Reads the given tokens, by viewer. It reports here what keeps a token from being that viewer's at this stack; the
 * mesh decides whether it is genuine.
 * @throws UserError that names the option, never the token
 */
export async function readGivenTokens(
  given: readonly TokenOption[],
  outputs: StackOutputs,
): Promise<IssuedTokens> {
  const viewers = new Map([
    ...outputs.viewers.machines.map(({ name }) => [name, machineViewer(name)] as const),
    ...outputs.viewers.users.map(({ email }) => [email, email] as const),
  ]);
  const tokens = new Map<string, Issued>();
  for (const { name, file } of given) {
    const problem = (what: string) => new UserError(`--token ${name}=${file}: ${what}`);
    const viewer = viewers.get(name);
    if (viewer === undefined) {
      const known = [...viewers.keys()].join(", ");
      throw problem(`the stack has no user or machine ${name}; it has ${known || "none"}`);
    }
    if (tokens.has(viewer)) throw problem(`there is another --token for ${name}`);
    const token = await contentOf(file, problem);
    const fault = faultOf(token, outputs);
    if (fault !== undefined) throw problem(fault);
    tokens.set(viewer, { accessToken: token });
  }
  return tokens;
}

async function contentOf(file: string, problem: (what: string) => Error): Promise<string> {
  const token = await readFile(fromPerson(file), "utf8").then(
    (text) => text.trim(),
    (error: unknown) => {
      throw problem(`the file cannot be read: ${reasonOf(error)}`);
    },
  );
  if (token === "") throw problem("the file is empty");
  return token;
}

/** What is wrong with a token that has to be good, if anything. */
function faultOf(token: string, { issuer, audience }: StackOutputs): string | undefined {
  const claims = claimsOf(token);
  if (claims === undefined) return "the file does not hold a JWT, three parts separated by dots";
  const { iss, aud = [], exp } = claims;
  if (iss !== issuer) return `the token's issuer is ${iss ?? "not there"}, not ${issuer}`;
  if (![aud].flat().includes(audience)) {
    return `the token is not for ${audience}: ask the tenant for one with this audience`;
  }
  if (exp !== undefined && exp * 1000 <= Date.now()) {
    return `the token expired at ${new Date(exp * 1000).toISOString()}: get a new one`;
  }
  return undefined;
}

function claimsOf(token: string): JWTPayload | undefined {
  try {
    // This decoder checks no signature, and would accept a token without its last part.
    return token.split(".").length === 3 ? decodeJwt(token) : undefined;
  } catch {
    return undefined;
  }
}
