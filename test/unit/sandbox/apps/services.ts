/** Starts Bookinfo's stand-ins from their images' files. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import {
  buildApplications,
  staticFiles,
  type Application,
} from "../../../../sandbox/images/applications";
import { runProgramToEnd, startProgram, writePrograms, type Service } from "./programs";

/** Made once for the files of this process. */
const folder = programs();
const programOf = async (name: Application) => join(await folder, `${name}.js`);

/** Starts a service from the very files that its image holds, and waits until it listens. */
export async function start(
  name: Application,
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  return startProgram(programOf(name), environment);
}

/** Runs a service that ends by itself, for its exit code and what it complained of. */
export async function runToEnd(
  name: Application,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number | null; complaint: string }> {
  return runProgramToEnd(await programOf(name), environment);
}

/** Every header that the services hand on, each with a value of its own. */
export const forwardedHeaders: Readonly<Record<string, string>> = {
  "x-request-id": "request",
  "x-ot-span-context": "span",
  "x-datadog-trace-id": "1",
  "x-datadog-parent-id": "2",
  "x-datadog-sampling-priority": "3",
  traceparent: "parent",
  tracestate: "state",
  "x-cloud-trace-context": "cloud",
  "grpc-trace-bin": "binary",
  "x-b3-traceid": "4",
  "x-b3-spanid": "5",
  "x-b3-parentspanid": "6",
  "x-b3-sampled": "7",
  "x-b3-flags": "8",
  sw8: "skywalking",
  "user-agent": "test",
  cookie: "session=secret",
  authorization: "Bearer token",
  jwt: "token",
};

/** Headers that stay where they are. */
export const otherHeaders: Readonly<Record<string, string>> = {
  accept: "text/html",
  "proxy-authorization": "Basic secret",
  "x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/other/sa/other",
  "x-forwarded-for": "192.0.2.1",
  "x-auth-request-email": "somebody@bookinfo.example",
};

async function programs(): Promise<string> {
  const made = await writePrograms(buildApplications());
  for (const { path, source } of staticFiles) cpSync(source, join(made, path));
  return made;
}
