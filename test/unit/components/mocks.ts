/**
 * Runs a program against Pulumi's mock engine and records what it registers: inputs, secrets, parents,
 * dependencies and providers.
 *
 * A mock proves what the program asks for, not that a provider accepts it: that is the sandbox's part.
 */
import assert from "node:assert/strict";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { MockMonitor, type MockResourceArgs } from "@pulumi/pulumi/runtime/mocks";
import { z } from "zod";
import { droppedParts } from "./dropped";

/** Stands for a value that a preview cannot know. */
export const unknown = "<unknown>";

/** One resource as the program registered it, or read it. */
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
  /** By the input: the resources whose outputs it is made of, as `Client identity-web`. */
  readonly references: Readonly<Record<string, readonly string[]>>;
  readonly provider: string;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** The inputs whose changes do not count. */
  readonly ignoreChanges: readonly string[];
  readonly deleteBeforeReplace: boolean;
  /** What it goes with, so that it is not deleted by itself; empty where it is. */
  readonly deletedWith: string;
  /** The outputs that the program keeps secret, also if the provider does not. */
  readonly additionalSecretOutputs: readonly string[];
  /** Of one that is only read: what it is found by. */
  readonly id?: string;
}

/** Functions of providers, by token. */
type Calls = Readonly<Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>>;

export interface RunOptions {
  /** Whether as a preview, in which ids and computed values are unknown. Default: as an update. */
  preview?: boolean;
  /** What the functions of providers answer. Default: all are refused. */
  calls?: Calls;
  /** The state of what is there already, by id. Default: nothing is. */
  existing?: Readonly<Record<string, object>>;
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
  getPropertydependenciesMap(): { entries(): Iterator<[string, { getUrnsList(): string[] }]> };
  getProvider(): string;
  getAdditionalsecretoutputsList(): string[];
  getDeletedwith(): string;
  getObject(): { toJavaScript(): unknown };
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getDeletebeforereplace(): boolean;
}

/** The part of the engine's request for a resource that is there already. */
type ReadRequest = Omit<
  RegisterRequest,
  | "getObject"
  | "getDeletedwith"
  | "getProtect"
  | "getIgnorechangesList"
  | "getDeletebeforereplace"
  | "getPropertydependenciesMap"
> & { getId(): string; getProperties(): { toJavaScript(): unknown } };

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

function titleOf(urn: string): string {
  return `${urn.split("::")[2]?.split(":").at(-1) ?? ""} ${nameOf(urn)}`;
}

function referencesOf(request: RegisterRequest): Registration["references"] {
  const references: Record<string, readonly string[]> = {};
  const inputs = request.getPropertydependenciesMap().entries();
  for (let next = inputs.next(); next.done !== true; next = inputs.next()) {
    const [input, dependencies] = next.value;
    references[input] = dependencies.getUrnsList().map(titleOf).sort();
  }
  return references;
}

function describe(request: RegisterRequest): Registration {
  return {
    ...describeCommon(request, request.getObject()),
    references: referencesOf(request),
    deletedWith: nameOf(request.getDeletedwith()),
    protect: request.getProtect(),
    ignoreChanges: request.getIgnorechangesList(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
  };
}

function describeRead(request: ReadRequest): Registration {
  const id = request.getId();
  return {
    ...describeCommon(request, request.getProperties()),
    references: {},
    deletedWith: "",
    protect: false,
    ignoreChanges: [],
    deleteBeforeReplace: false,
    id: id === pulumi.runtime.unknownValue ? unknown : id,
  };
}

function describeCommon(
  request: Pick<
    RegisterRequest,
    | "getType"
    | "getName"
    | "getParent"
    | "getDependenciesList"
    | "getProvider"
    | "getAdditionalsecretoutputsList"
  >,
  properties: { toJavaScript(): unknown },
) {
  const secrets: string[] = [];
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: reveal(properties.toJavaScript(), "", secrets),
    secrets,
    parent: nameOf(request.getParent()),
    dependencies: request.getDependenciesList().map(nameOf).sort(),
    provider: nameOf(request.getProvider()),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  };
}

/** The address of a load balancer. */
export const balancerAddress = "203.0.113.10";

const computedByType: Readonly<
  Record<string, (args: MockResourceArgs) => Record<string, unknown>>
> = {
  "random:index/randomPassword:RandomPassword": ({ name }) => ({
    result: pulumi.secret(`generated ${name}`),
  }),
  "pulumi-nodejs:dynamic/kind:Cluster": ({ name }) => ({
    instanceId: `instance of ${name}`,
    kubeconfig,
  }),
  "digitalocean:index/kubernetesCluster:KubernetesCluster": () => ({
    endpoint: "https://cluster.k8s.ondigitalocean.example",
    kubeConfigs: pulumi.secret([{ clusterCaCertificate: "UEVN", token: "good-for-seven-days" }]),
  }),
  "kubernetes:helm.sh/v3:Release": ({ inputs }) => {
    const { name, namespace } = inputs as { name: string; namespace: string };
    return { status: { name, namespace } };
  },
  "kubernetes:core/v1:Service": ({ id }) => {
    if (id === undefined || id === "") return {};
    const [namespace, name] = id.split("/");
    return {
      metadata: { namespace, name },
      status: { loadBalancer: { ingress: [{ ip: balancerAddress }] } },
    };
  },
};

/** What a provider adds to the inputs once a resource exists; in a preview it is unknown. */
function computed(args: MockResourceArgs): Record<string, unknown> {
  return computedByType[args.type]?.(args) ?? {};
}

/** Runs `program` as the stack `sandbox` of the project. */
export async function run<Result>(
  program: () => Result,
  { preview = false, calls = {}, existing = {} }: RunOptions = {},
): Promise<Run<Result>> {
  const registrations: Registration[] = [];
  /** As the engine answers a reading: of what is not there, with an error. */
  const find = (args: MockResourceArgs) => {
    const { type, id = "" } = args;
    const state = existing[id] ?? computedByType[type]?.(args);
    if (state === undefined) throw new Error(`resource '${id}' does not exist`);
    return { id, state };
  };
  // eslint-disable-next-line @typescript-eslint/unbound-method -- they are called with their `this` below
  const { registerResource: register, readResource: readExisting } = MockMonitor.prototype;
  MockMonitor.prototype.registerResource = function (request: RegisterRequest, callback) {
    registrations.push(describe(request));
    return register.call(this, request, callback);
  };
  MockMonitor.prototype.readResource = function (request: ReadRequest, callback) {
    registrations.push(describeRead(request));
    return readExisting.call(this, request, callback);
  };
  await pulumi.runtime.setMocks(
    {
      call: ({ token, inputs }) => {
        const answer = calls[token];
        if (answer !== undefined) return answer(inputs as Record<string, unknown>);
        throw new Error(`The mock engine implements no call: ${token}`);
      },
      newResource: (args) =>
        args.id
          ? find(args)
          : {
              id: preview ? undefined : `${args.name}-id`,
              state: { ...(args.inputs as object), ...(preview ? {} : computed(args)) },
            },
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
    MockMonitor.prototype.readResource = readExisting;
  }
  // With no settings may an object have what the API server drops.
  assert.deepEqual(droppedParts(registrations), []);
  return { result: ran.result as Result, registrations };
}

/** What the program only read: each one's type, name, and the id that was asked for. */
export function readings(registrations: readonly Registration[]): readonly (readonly string[])[] {
  return registrations.flatMap(({ type, name, id }) =>
    id === undefined ? [] : [[type, name, id]],
  );
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
