/** Servers on 127.0.0.1 and stand-in programs for the tests of preflight's checks. */
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { application as bookinfo } from "../../../../application";
import { type Settings } from "../../../../components/config";
import { settingsSchema } from "../../../../components/settings";
import { type Check, type Result, runCheck } from "../../../../commands/preflight/check";
import { Redactor } from "../../../../lib/redaction";
import type { Missing, Stack } from "../../../../commands/preflight/stack";
import type { Certificate } from "../verify/support/certificate";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface Server {
  readonly host: string;
  readonly url: string;
  readonly requests: readonly Request[];
  readonly close: () => void;
}

/** A server that answers by path; what is not in the table is 404. An answer that is a promise may never come. */
export async function serve(
  answer: (request: Request) => Reply | undefined | Promise<Reply | undefined>,
  identity?: Certificate,
): Promise<Server> {
  const requests: Request[] = [];
  const server =
    identity === undefined
      ? createHttp()
      : createHttps({ cert: identity.certificate, key: identity.key });
  server.on("request", (incoming, response) => {
    void (async () => {
      const body = await text(incoming);
      const { method = "", url = "", headers } = incoming;
      const request = { method, path: url, headers, body };
      requests.push(request);
      const reply = (await answer(request)) ?? { status: 404, body: { message: "not here" } };
      response.writeHead(reply.status ?? 200, {
        "content-type": "application/json",
        ...reply.headers,
      });
      response.end(typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${identity === undefined ? "http" : "https"}://${host}`,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function closedPort(): Promise<number> {
  const { host, close } = await serve(() => undefined);
  close();
  return Number(host.split(":").at(-1));
}

/** What the checks found, a line each: `state name: found. advice`. */
export async function lines(checks: readonly Check[]): Promise<string[]> {
  return (await Promise.all(checks.map((check) => runCheck(check)))).map(lineOf);
}

const lineOf = ({ state, name, found, advice }: Result) =>
  `${state} ${name}: ${found}${advice === undefined ? "" : `. ${advice}`}`;

export const smallest = {
  cluster: { kind: "kind" },
  identity: {
    kind: "auth0",
    domain: "tenant.example",
    clientId: "management",
    clientSecret: "management-canary",
  },
  gateway: { url: "http://localhost:8080" },
};

export const settingsOf = (sections: Readonly<Record<string, unknown>>): Settings =>
  settingsSchema(bookinfo).parse({ ...smallest, ...sections });

export function stackOf(
  settings: Settings,
  missing: Readonly<Record<string, Missing>> = {},
): Stack {
  return {
    name: "dev",
    application: bookinfo,
    file: "Pulumi.dev.yaml",
    isSandbox: false,
    isAbsent: false,
    settings,
    missing: new Map(Object.entries(missing)),
    plain: [],
    secrets: new Redactor(),
  };
}

export const unset = (setting: string): Missing => ({
  unset: true,
  found: `${setting} is not set`,
  advice: "Set it.",
});

export interface Folder {
  readonly path: string;
  /** A program in it. */
  readonly program: (name: string, script: string) => void;
  readonly remove: () => void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "preflight-"));
  return {
    path,
    program: (name, script) => {
      const file = join(path, name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o700);
    },
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** A certificate for a host that signs itself; by default it is valid for a year. */
export async function certificateFor(
  host: string,
  days: { readonly from?: number; readonly to?: number } = {},
): Promise<Certificate> {
  const { from = -1, to = 365 } = days;
  const day = 24 * 60 * 60 * 1000;
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=gateway",
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() + from * day),
      notAfter: new Date(Date.now() + to * day),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }])],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: made.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}
