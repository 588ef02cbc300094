/**
 * How Istio compares texts and paths.
 *
 * Sources: istio/istio, pilot/pkg/security/authz/matcher/{string,header,template}.go;
 * envoyproxy/envoy, source/common/http/path_utility.cc and
 * source/extensions/path/uri_template_lib/uri_template_internal.cc.
 */
import type { Mesh } from "./policies";

/**
 * Whether `value` matches `pattern`: exactly, `prefix*`, `*suffix`, or with `*` any value that is not empty.
 * @param lead the beginning of every value that is left out of patterns, such as `spiffe://`
 */
export function matchesPattern(pattern: string, value: string, lead = ""): boolean {
  if (pattern === "*") return value !== "";
  if (pattern.startsWith("*")) {
    return value.startsWith(lead) && value.slice(lead.length).endsWith(pattern.slice(1));
  }
  if (pattern.endsWith("*")) return value.startsWith(lead + pattern.slice(0, -1));
  return value === lead + pattern;
}

/** Whether a path without its query matches `pattern`: a template, or as in `matchesPattern`. */
export function matchesPath(pattern: string, path: string): boolean {
  if (!/\{\*\*?\}/.test(pattern)) return matchesPattern(pattern, path);
  const template = pattern
    .split(/(\{\*\*?\})/)
    .map((part) => templateParts[part] ?? part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("");
  return new RegExp(`^${template}$`).test(path);
}

/** The characters that Envoy allows in a path's segment. */
const segment = "a-zA-Z0-9\\-._~%!$&'()+,;:@=";
const templateParts: Readonly<Record<string, string>> = {
  "{*}": `[${segment}]+`,
  "{**}": `[${segment}/]*`,
};

/** The steps of each kind of normalization, in Envoy's order. */
const steps: Readonly<Record<Mesh["pathNormalization"], readonly ((path: string) => string)[]>> = {
  NONE: [],
  BASE: [canonical],
  MERGE_SLASHES: [canonical, mergeSlashes],
  DECODE_AND_MERGE_SLASHES: [decodeSlashes, canonical, mergeSlashes],
};

/** The path that rules are compared with: normalized as the mesh is configured, without query and fragment. */
export function comparedPath(
  path: string,
  { pathNormalization }: Pick<Mesh, "pathNormalization">,
): string {
  // Envoy takes the host of a request in absolute form (RFC 9112, 3.2.2) off its path.
  const bare = path.replace(/[?#].*$/s, "").replace(/^https?:\/\/[^/]*/i, "");
  if (!bare.startsWith("/")) return bare;
  return steps[pathNormalization].reduce((read, step) => step(read), bare);
}

function decodeSlashes(path: string): string {
  return path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\");
}

function mergeSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, "/");
}

/** RFC 3986: dot segments are resolved, and characters that need no encoding are decoded; `\` is `/`. */
function canonical(path: string): string {
  const { pathname } = new URL(`http://host${path}`);
  return pathname.replaceAll(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(parseInt(encoded.slice(1), 16));
    return /[a-zA-Z0-9\-._~]/.test(character) ? character : encoded;
  });
}
