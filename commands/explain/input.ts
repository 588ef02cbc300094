/** The token that is asked about, from wherever it is. It is never printed, nor any part of it. */
import { readFile, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { JWTPayload, ProtectedHeaderParameters } from "jose";
import { z } from "zod";
import { UserError, reasonOf } from "../../lib/errors";
import { fromPerson } from "../../lib/output-files";

/** What was given: a token that can be read, or one that only its issuer can read. */
export type Given =
  | {
      readonly kind: "jwt";
      readonly token: string;
      readonly header: ProtectedHeaderParameters;
      readonly claims: JWTPayload;
    }
  | { readonly kind: "opaque"; readonly token: string };

/** A token on the command line; a file's name looks otherwise. */
const looksLikeJwt = /^eyJ[\w-]*(\.[\w-]*){1,4}$/;
/** What RFC 6750 allows a token to be made of. */
const bearer = /^[\w.~+/-]{16,}=*$/;
/** What is shorter on the command line is a file's name, mistyped. */
const shortestArgument = 24;
/** A file's name, where there is no such file: it has a folder or an ending. Google's tokens have a dot, and no ending. */
const looksLikeFile = /\/|\.[A-Za-z]{1,5}$/;

const tokenResponse = z.object({ access_token: z.string() });

/**
 * Reads a token from a file, from standard input (`-`) or from the command line.
 * @throws UserError naming the file and what is wrong with it, never its content
 */
export async function readToken(argument: string, stdin: NodeJS.ReadableStream): Promise<Given> {
  if (argument === "") throw new UserError("an empty name is no file and no token");
  if (argument === "-") return parse(await text(stdin), "standard input");
  if (looksLikeJwt.test(argument)) return parse(argument, "the argument");
  return parse(await contentOf(argument), argument);
}

async function contentOf(file: string): Promise<string> {
  const path = fromPerson(file);
  try {
    if ((await stat(path)).isDirectory()) throw new UserError(`${file} is a folder, not a token`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (
      missing &&
      file.length >= shortestArgument &&
      bearer.test(file) &&
      !looksLikeFile.test(file)
    )
      return file;
    throw new UserError(
      missing
        ? "the argument is neither a token nor a file that exists"
        : `${file} cannot be read: ${reasonOf(error)}`,
    );
  }
}

function parse(content: string, from: string): Given {
  const trimmed = content.trim();
  if (trimmed === "") throw new UserError(`${from} is empty: a token is expected`);
  const token = fromResponse(trimmed) ?? trimmed.replace(/^(authorization: *)?bearer +/i, "");
  try {
    const header = decodeProtectedHeader(token);
    // Five parts are an encrypted token.
    if (token.split(".").length === 5) return { kind: "opaque", token };
    return { kind: "jwt", token, header, claims: decodeJwt(token) };
  } catch {
    // One that begins as a JWT's header does is a JWT that was cut or mistyped.
    if (bearer.test(token) && !token.startsWith("eyJ")) return { kind: "opaque", token };
    throw new UserError(`${from} holds no token: header.claims.signature is expected`);
  }
}

/** A token endpoint's whole answer will do, too. */
function fromResponse(content: string): string | undefined {
  if (!content.startsWith("{")) return undefined;
  try {
    return tokenResponse.safeParse(JSON.parse(content)).data?.access_token;
  } catch {
    return undefined;
  }
}
