/** What a request asks a service for: an operation, by its method and path. */

/**
 * A method and a path, such as `GET /orders/{id}`. `{name}` stands for one segment of the path, and `{name...}`, as the
 * last segment, for any number of them. Everything else stands for itself.
 */
export type OperationName = `${string} /${string}`;

/** A method of a gRPC service, such as `shop.Inventory/Reserve`. */
export type GrpcMethodName = `${string}/${string}`;

export interface Operation {
  readonly method: string;
  /** From the first slash on, without a query. */
  readonly path: string;
}

/** An operation by its name. gRPC sends a POST for each method: the name is the path. */
export function operationNamed(name: string): Operation {
  if (!name.includes(" ")) return { method: "POST", path: `/${name}` };
  const [method = "", path = ""] = name.split(" ", 2);
  return { method, path };
}

/** Those of OpenAPI. Envoy refuses methods that it does not know. */
export const methodNames = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/** A template, or characters that need no encoding in a path (RFC 3986, 3.3). A `*` would be a pattern to Istio. */
const segmentForm = /^(?:\{[\w-]+\}|[\w.~!$&'()+,;=:@-]*)$/;
const lastSegmentForm = /^\{[\w-]+\.\.\.\}$/;

const segmentsOf = (path: string) => path.split("/").slice(1);
const isRest = (segment: string) => lastSegmentForm.test(segment);
const isTemplate = (segment: string) => segment.startsWith("{");

const grpcMethodForm = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*\/[A-Za-z_]\w*$/;

/** What is wrong with the name of a gRPC method; undefined where nothing is. */
export function problemOfGrpcMethod(name: string): string | undefined {
  return grpcMethodForm.test(name)
    ? undefined
    : "expected a gRPC service with its package, one slash, and a method, such as shop.Inventory/Reserve";
}

/** What is wrong with an operation's name; undefined where nothing is. */
export function problemOfName(name: string): string | undefined {
  const parts = name.split(" ");
  const [method = "", path = ""] = parts;
  if (parts.length !== 2 || !path.startsWith("/"))
    return "expected a method, one space, and a path that begins with a slash, such as GET /orders/{id}";
  if (!methodNames.includes(method))
    return `found the method ${method}, expected one of ${methodNames.join(", ")}`;
  const segments = segmentsOf(path);
  const wrong = segments.find(
    (segment, position) =>
      !segmentForm.test(segment) && !(isRest(segment) && position === segments.length - 1),
  );
  if (wrong !== undefined)
    return `found the segment ${JSON.stringify(wrong)}, expected text of letters, digits and -._~!$&'()+,;=:@, or a name in braces as the whole segment: {name}, or as the last one {name...} for any number of them`;
  const [, named] = /\/:([\w-]+)/.exec(path) ?? [];
  if (named !== undefined)
    return `found the segment ":${named}", which is text here, expected a name in braces: {${named}}`;
  if (/\/(?:\/|\.{1,2}(?:\/|$))/.test(path))
    return "expected no empty segment, . or ..: the mesh resolves them before it compares";
  return undefined;
}

/**
 * A path as Istio's policies write it: `{*}` for one segment, `{**}` for any number of them (Istio 1.22 and newer).
 * https://istio.io/latest/docs/reference/config/security/authorization-policy/#Operation
 */
export function istioPath(path: string): string {
  return path.replaceAll(/\{[\w-]+(\.\.\.)?\}/g, (_, rest?: string) =>
    rest === undefined ? "{*}" : "{**}",
  );
}

/** A path as a route compares it. */
export function pathPattern({
  path,
}: Pick<Operation, "path">): { exact: string } | { regex: string } {
  if (!path.includes("{")) return { exact: path };
  const segments = segmentsOf(path).map((segment) => {
    if (isRest(segment)) return ".*";
    return isTemplate(segment) ? "[^/]+" : segment.replaceAll(/[.$()+]/g, "\\$&");
  });
  return { regex: `/${segments.join("/")}` };
}

/** Whether a request is for the operation. Its path is as the mesh compares it: normalized, and without a query. */
export function isFor(operation: Operation, request: Operation): boolean {
  return sharedPath(operation, request) !== undefined;
}

/** Whether each request that is for the other operation is for this one. */
export function includes(operation: Operation, other: Operation): boolean {
  return (
    operation.method === other.method &&
    includesSegments(segmentsOf(operation.path), segmentsOf(other.path))
  );
}

function includesSegments(one: readonly string[], other: readonly string[]): boolean {
  const [first, ...rest] = one;
  const [second, ...others] = other;
  if (first === undefined || second === undefined) return first === second;
  if (isRest(first)) return true;
  if (isRest(second)) return false;
  const isIncluded = first === second || (isTemplate(first) && second !== "");
  return isIncluded && includesSegments(rest, others);
}

/** A path by which a request is for both operations; undefined where there is none. */
export function sharedPath(one: Operation, other: Operation): string | undefined {
  if (one.method !== other.method) return undefined;
  const shared = sharedSegments(segmentsOf(one.path), segmentsOf(other.path));
  return shared && `/${shared.join("/")}`;
}

/** Istio's `{**}` is any text, also none, but the slash before it is there. */
function sharedSegments(
  one: readonly string[],
  other: readonly string[],
): readonly string[] | undefined {
  const [first, ...rest] = one;
  const [second, ...others] = other;
  if (first === undefined || second === undefined) return first === second ? [] : undefined;
  if (isRest(first)) return other.map(sampleSegment);
  if (isRest(second)) return one.map(sampleSegment);
  const isSame =
    first === second ||
    (isTemplate(first) && second !== "") ||
    (isTemplate(second) && first !== "");
  const behind = isSame ? sharedSegments(rest, others) : undefined;
  return behind && [sampleSegment(isTemplate(first) ? second : first), ...behind];
}

/** The path before the template for the rest, where there is one: many services read `/files/` as `/files`. */
export const withoutRest = ({ method, path }: Operation): Operation => ({
  method,
  path: path.replace(/\/\{[^{}]+\.\.\.\}$/, ""),
});

const sampleSegment = (segment: string) => (isTemplate(segment) ? "0" : segment);

/** A path that is the operation's: `0` for each template. */
export function samplePath({ path }: Pick<Operation, "path">): string {
  return `/${segmentsOf(path).map(sampleSegment).join("/")}`;
}
