/** Reads the token that the user asks about. No message contains the token or a part of it. */
import { readFile, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { decodeJwt, decodeProtectedHeader } from "jose";
import type { JWTPayload, ProtectedHeaderParameters } from "jose";
import { z } from "zod";
import { UserError, reasonOf } from "../../lib/errors";
import { fromPerson } from "../../lib/output-files";

/** A token that can be read, or one that only its issuer can read. */
export type Given =
  | {
      readonly kind: "jwt";
      readonly token: string;
      readonly header: ProtectedHeaderParameters;
      readonly claims: JWTPayload;
    }
  | { readonly kind: "opaque"; readonly token: string };

/** A token on the command line; a file name has another form. */
const looksLikeJwt = /^eyJ[\w-]*(\.[\w-]*){1,4}$/;
/** The characters that RFC 6750 allows in a token. */
const bearer = /^[\w.~+/-]{16,}=*$/;
/** A shorter argument on the command line is a mistyped file name. */
const shortestArgument = 24;
/** The name of a missing file: it has a folder or an extension. Google's tokens have a dot, and no extension. */
const looksLikeFile = /\/|\.[A-Za-z]{1,5}$/;

const tokenResponse = z.object({ access_token: z.string() });

/**
 * Reads a token from a file, from standard input (`-`) or from the command line.
 * @throws UserError that names the file and what is wrong with it, never its content
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
    // A token of five parts is encrypted.
    if (token.split(".").length === 5) return { kind: "opaque", token };
    return { kind: "jwt", token, header, claims: decodeJwt(token) };
  } catch {
    // A text that begins as a JWT's header is a JWT that was cut or mistyped.
    if (bearer.test(token) && !token.startsWith("eyJ")) return { kind: "opaque", token };
    throw new UserError(`${from} holds no token: header.claims.signature is expected`);
  }
}

/** The whole answer of a token endpoint is accepted too. */
function fromResponse(content: string): string | undefined {
  if (!content.startsWith("{")) return undefined;
  try {
    return tokenResponse.safeParse(JSON.parse(content)).data?.access_token;
  } catch {
    return undefined;
  }
}
