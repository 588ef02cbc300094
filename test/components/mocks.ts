/**
 * Runs a program against Pulumi's mock engine and records what it registers: inputs, secrets, parents,
 * dependencies and providers.
 *
 * A mock proves what the program asks for, not that a provider accepts it: that is the sandbox's part.
 */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { z } from "zod";

/** Stands for a value that a preview cannot know. */
export const unknown = "<unknown>";

/** One resource as the program registered it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  /** As plain values; an unknown one is `unknown`. */
  readonly inputs: unknown;
  /** The inputs that are secret, as paths. */
  readonly secrets: readonly string[];
  /** The names of its parent, of what it waits for, and of its provider. */
  readonly parent: string;
  readonly dependencies: readonly string[];
  readonly provider: string;
  /** What it goes with, so that it is not deleted by itself; empty where it is. */
  readonly deletedWith: string;
  /** The outputs that the program keeps secret, whatever the provider says. */
  readonly additionalSecretOutputs: readonly string[];
}

/** What a program did. */
export interface Run<Result> {
  readonly result: Result;
  readonly registrations: readonly Registration[];
}

/** The part of the engine's request that the tests look at. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getDependenciesList(): string[];
  getProvider(): string;
  getAdditionalsecretoutputsList(): string[];
  getDeletedwith(): string;
  getObject(): { toJavaScript(): unknown };
}

const signature = pulumi.runtime.specialSigKey;
const secretSchema = z.object({
  [signature]: z.literal(pulumi.runtime.specialSecretSig),
  value: z.unknown(),
});

/** Takes the secret marks off a value and notes where they were. */
function reveal(value: unknown, path: string, secrets: string[]): unknown {
  const secret = secretSchema.safeParse(value);
  if (secret.success) {
    secrets.push(path);
    return reveal(secret.data.value, path, secrets);
  }
  if (value === pulumi.runtime.unknownValue) return unknown;
  if (Array.isArray(value))
    return value.map((item, index) => reveal(item, `${path}[${index}]`, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      reveal(item, path === "" ? key : `${path}.${key}`, secrets),
    ]),
  );
}

function nameOf(urn: string): string {
  return urn.split("::")[3] ?? "";
}

function describe(request: RegisterRequest): Registration {
  const secrets: string[] = [];
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: reveal(request.getObject().toJavaScript(), "", secrets),
    secrets,
    parent: nameOf(request.getParent()),
    dependencies: request.getDependenciesList().map(nameOf).sort(),
    provider: nameOf(request.getProvider()),
    deletedWith: nameOf(request.getDeletedwith()),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  };
}

/** What a provider adds to the inputs once a resource of a type exists; in a preview nobody knows it. */
const computed: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  "random:index/randomPassword:RandomPassword": (name) => ({
    result: pulumi.secret(`generated ${name}`),
  }),
  "pulumi-nodejs:dynamic/kind:Cluster": (name) => ({
    instanceId: `instance of ${name}`,
    kubeconfig,
  }),
};

/**
 * Runs `program` as the stack `sandbox` of the project.
 *
 * @param preview whether as a preview, in which ids and computed values are unknown
 */
export async function run<Result>(
  program: () => Result,
  { preview = false }: { preview?: boolean } = {},
): Promise<Run<Result>> {
  const registrations: Registration[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its `this` below
  const register = MockMonitor.prototype.registerResource;
  MockMonitor.prototype.registerResource = function (request: RegisterRequest, callback) {
    registrations.push(describe(request));
    return register.call(this, request, callback);
  };
  await pulumi.runtime.setMocks(
    {
      call: ({ token }) => {
        throw new Error(`The mock engine implements no call: ${token}`);
      },
      newResource: (args) => ({
        id: preview ? undefined : `${args.name}-id`,
        state: { ...(args.inputs as object), ...(preview ? {} : computed[args.type]?.(args.name)) },
      }),
    },
    "istio-auth0",
    "sandbox",
    preview,
  );
  const ran: { result?: Result } = {};
  try {
    await pulumi.runtime.runInPulumiStack(() => {
      ran.result = program();
      return Promise.resolve({});
    });
    await pulumi.runtime.disconnect();
  } finally {
    MockMonitor.prototype.registerResource = register;
  }
  return { result: ran.result as Result, registrations };
}

/** How many resources there are of each type. */
export function countByType(registrations: readonly Registration[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of registrations) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** The resources of one type, by name. */
export function ofType(
  registrations: readonly Registration[],
  type: string,
): Record<string, Registration> {
  return Object.fromEntries(
    registrations.filter((each) => each.type === type).map((each) => [each.name, each]),
  );
}

/** The one resource of that type and name. */
export function find(registrations: readonly Registration[], type: string, name: string) {
  const found = ofType(registrations, type)[name];
  if (found === undefined) throw new Error(`No ${type} called ${name} was registered.`);
  return found;
}

/** An output's value, or `unknown`, and whether it is a secret. */
export async function read(
  output: pulumi.Output<unknown>,
): Promise<{ value: unknown; secret: boolean }> {
  // These two are internal; `apply` would never call back for an unknown value.
  const settled = output as unknown as {
    isKnown: Promise<boolean>;
    promise(withUnknowns: true): Promise<unknown>;
  };
  const value = await settled.promise(true);
  const known = (await settled.isKnown) && !pulumi.containsUnknowns(value);
  return { value: known ? value : unknown, secret: await pulumi.isSecret(output) };
}

/** The provider of a cluster that is made by the same stack: in a preview its kubeconfig is unknown. */
export function clusterProvider(): kubernetes.Provider {
  const { result } = new random.RandomPassword("kubeconfig", { length: 1 });
  return new kubernetes.Provider("cluster", { kubeconfig: result });
}

/** A kubeconfig with one cluster, in the context `sandbox`. */
export const kubeconfig = JSON.stringify({
  "current-context": "sandbox",
  clusters: [{ name: "node", cluster: { server: "https://127.0.0.1:6443" } }],
  contexts: [{ name: "sandbox", context: { cluster: "node", user: "admin" } }],
  users: [{ name: "admin", user: { token: "kubernetes-token" } }],
});
