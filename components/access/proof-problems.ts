/** What is wrong with the requests of a table that show that services answer. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { ApplicationService, GatewayRequest } from "../application";
import { operationNamed, problemOfGrpcMethod, problemOfName } from "./operations";
import { type AnswerStatus, type Proof, proofOf, withoutQuery } from "./proof";
import { rowsFor } from "./rows";

/** As much as a service and a request have in common. */
type Proven = Pick<GatewayRequest, "path" | "proof" | "onRefusal">;

/** @param access the service that gets the request */
export function proofProblems(
  where: string,
  { path, proof, onRefusal }: Partial<Proven>,
  { protocol }: ApplicationService,
): readonly string[] {
  const isGrpc = protocol === "grpc";
  const status = typeof onRefusal === "object" ? [onRefusal.status] : [];
  return [
    ...((path === undefined) === (proof === undefined)
      ? [
          `${where}: found ${path === undefined ? "neither path nor proof" : "path and proof"}, expected one of them`,
        ]
      : []),
    ...(proof === undefined ? [] : ofProof(`${where}.proof`, proof, isGrpc)),
    ...status.flatMap((each) => statusProblems(`${where}.onRefusal.status`, each, isGrpc)),
  ];
}

/** These headers are what viewers differ by. */
const ofViewers = ["authorization", "cookie"];

/** These are of one connection, not of the request (RFC 9110, 7.6.1): no proxy passes them on. */
const ofConnection =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-[^:]*)$/i;

/** These are written by who sends the request, or by the mesh. */
const written: Readonly<Partial<Record<string, string>>> = {
  host: "which verify writes",
  "content-length": "which verify writes",
  "x-verify-request": "which verify writes",
  "x-forwarded-client-cert": "which the mesh writes",
};

function headerProblems(where: string, name: string, value: string): readonly string[] {
  const said = ofViewers.includes(name.toLowerCase())
    ? "which is each viewer's own"
    : ofConnection.test(name)
      ? "which is of one connection, and not passed on"
      : written[name.toLowerCase()];
  if (said !== undefined) return [`${where}: found ${name}, ${said}`];
  if (
    !isValid(() => {
      validateHeaderName(name);
    })
  )
    return [`${where}: found ${JSON.stringify(name)}, expected a header's name`];
  return isValid(() => {
    validateHeaderValue(name, value);
  })
    ? []
    : [`${where}.${name}: found ${JSON.stringify(value)}, expected a header's value`];
}

function isValid(validate: () => void): boolean {
  try {
    validate();
    return true;
  } catch {
    return false;
  }
}

function ofProof(where: string, proof: Proof, isGrpc: boolean): readonly string[] {
  const { request, headers = {}, answers = [] } = proof;
  const problem = isGrpc ? problemOfGrpcMethod(request) : problemOfName(withoutQuery(request));
  const isTemplate = problem === undefined && /[{}]/.test(request);
  return [
    ...(problem === undefined
      ? []
      : [`${where}.request: found ${JSON.stringify(request)}, ${problem}`]),
    ...(isTemplate
      ? [`${where}.request: found ${JSON.stringify(request)}, expected a path without templates`]
      : []),
    ...Object.entries(headers).flatMap(([name, value]) =>
      headerProblems(`${where}.headers`, name, value),
    ),
    ...[answers].flat().flatMap((each) => answerProblems(`${where}.answers`, each, isGrpc)),
  ];
}

/** With these Envoy answers for a service that it does not reach, or that does not answer in time. */
const unreached: readonly AnswerStatus[] = [502, 503, 504, "UNAVAILABLE"];

function answerProblems(where: string, answer: AnswerStatus, isGrpc: boolean): readonly string[] {
  return unreached.includes(answer)
    ? [
        `${where}: found ${answer}, with which the mesh answers for a service that it does not reach, expected another status`,
      ]
    : statusProblems(where, answer, isGrpc);
}

function statusProblems(where: string, status: AnswerStatus, isGrpc: boolean): readonly string[] {
  if ((typeof status === "string") === isGrpc) return [];
  const expected = isGrpc ? "a code of gRPC such as OK" : "a status from 200 to 599";
  return [`${where}: found ${status}, expected ${expected}`];
}

/**
 * Whether one of the service's operations is for what is asked.
 * @param name the service, where it is not where the request is. Default: it is
 */
export function askedProblems(
  where: string,
  proven: Partial<Proven>,
  access: ApplicationService,
  name?: string,
): readonly string[] {
  const asked = proofOf(proven, access.protocol);
  if (asked === undefined || rowsFor(access, asked).length > 0) return [];
  const of = name === undefined ? "its" : "the";
  const whose = name === undefined ? "" : ` of ${name}`;
  const { path, proof } = proven;
  if (proof !== undefined)
    return [
      `${where}.proof.request: found ${JSON.stringify(proof.request)}, expected one that one of ${of} operations${whose} is for`,
    ];
  const expected =
    access.protocol === "grpc"
      ? `one of ${of} operations${whose} after a slash`
      : `a path of one of ${of} GET operations${whose}`;
  return [`${where}.path: found ${JSON.stringify(path)}, expected ${expected}`];
}

/** Whether an answer to a refusal can be known as one. */
export function refusalProblems(
  where: string,
  { through, onRefusal, ...proven }: GatewayRequest,
  access: ApplicationService,
): readonly string[] {
  if (onRefusal !== undefined && through.length === 1)
    return [`${where}.onRefusal: found one, expected none where through names one service`];
  const said = onRefusal ?? (through.length > 1 ? access.onRefusal : undefined);
  const asked = proofOf(proven, access.protocol);
  if (typeof said !== "object" || said.body !== undefined) return [];
  return asked?.answers.includes(said.status) === true
    ? [
        `${where}.onRefusal: found the status ${said.status} alone, which permitted requests get as well, expected a body too: a text that only the answer to a refusal has`,
      ]
    : [];
}

/** What the services behind the first are asked for. */
export function asksProblems(
  where: string,
  { through, asks = {} }: GatewayRequest,
  services: Readonly<Record<string, ApplicationService>>,
): readonly string[] {
  const behind = through.slice(1);
  return Object.entries(asks).flatMap(([service, name]) => {
    const access = services[service];
    if (access === undefined || !behind.includes(service))
      return [
        `${where}.asks: found ${JSON.stringify(service)}, expected ${behind.length === 0 ? "none, as through names one service" : `one of ${behind.join(", ")}`}`,
      ];
    const problem =
      access.protocol === "grpc" ? problemOfGrpcMethod(name) : problemOfName(withoutQuery(name));
    const isAdmitted =
      problem === undefined && rowsFor(access, operationNamed(withoutQuery(name))).length > 0;
    return isAdmitted
      ? []
      : [
          `${where}.asks.${service}: found ${JSON.stringify(name)}, ${problem ?? `expected one that one of the operations of ${service} is for`}`,
        ];
  });
}
