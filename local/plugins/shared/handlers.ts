/** Each call of the provider protocol, for a plug-in's resource types. */
import { createHash, randomBytes } from "node:crypto";
import * as protocol from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { register } from "./construct";
import { changesBetween } from "./difference";
import { NotReadyError, type Operation, type Plugin, type ResourceType } from "./plugin";
import {
  type DecodedProperties,
  diffResponse,
  NotReadyResponse,
  propertiesOf,
  structOf,
} from "./responses";
import {
  hasUnknown,
  type Properties,
  redact,
  type Secrecy,
  secretTextsOf,
  unite,
  unknown,
} from "./values";

/** What the requests about one resource have in common. */
interface Subject {
  getUrn(): string;
  getTimeout?(): number;
}

export class Handlers<Connection> {
  private connection: Connection | undefined;
  private configurationSecrets: string[] = [];
  private readonly cancellation = new AbortController();

  constructor(private readonly plugin: Plugin<Connection>) {}

  /** Ends every operation that is in progress. */
  cancel(): void {
    this.cancellation.abort(new Error("the operation was cancelled"));
  }

  pluginInfo(): PluginInfo {
    const info = new PluginInfo();
    info.setVersion(this.plugin.version);
    return info;
  }

  checkConfig(request: protocol.CheckRequest): protocol.CheckResponse {
    const response = new protocol.CheckResponse();
    response.setInputs(request.getNews());
    return response;
  }

  diffConfig(request: protocol.DiffRequest): protocol.DiffResponse {
    const previous = propertiesOf(request.getOldInputs() ?? request.getOlds()).value;
    const next = propertiesOf(request.getNews()).value;
    const replaces = [...this.plugin.replacesProvider(previous, next)];
    const changes = changesBetween(previous, next);
    return diffResponse({ changes, replaces, deleteBeforeReplace: false });
  }

  async configure(request: protocol.ConfigureRequest): Promise<protocol.ConfigureResponse> {
    const config = propertiesOf(request.getArgs());
    this.configurationSecrets = secretTextsOf(config);
    this.connection = await this.explained([], () => this.plugin.connect(config.value));
    const response = new protocol.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  check(request: protocol.CheckRequest): protocol.CheckResponse {
    const response = new protocol.CheckResponse();
    const news = propertiesOf(request.getNews());
    const token = tokenOf(request.getUrn());
    const type = this.plugin.resourceType(token);
    if (type === undefined) {
      response.addFailures(failureOf("", this.refusal(token)));
      return response;
    }
    const olds = request.getOlds() === undefined ? undefined : propertiesOf(request.getOlds());
    const checked = type.check(
      news.value,
      {
        name: nameOf(request.getUrn()),
        previous: olds && Object.keys(olds.value).length > 0 ? olds.value : undefined,
        suffix: this.plugin.suffix ?? suffixOf(request),
      },
      this.connected(),
    );
    response.setInputs(this.marked(type, checked.inputs, news));
    for (const { property, reason } of checked.failures) {
      response.addFailures(failureOf(property, redact(reason, secretTextsOf(news))));
    }
    return response;
  }

  diff(request: protocol.DiffRequest): protocol.DiffResponse {
    const previous = propertiesOf(request.getOldInputs());
    const next = propertiesOf(request.getNews());
    const { value: outputs } = propertiesOf(request.getOlds());
    const type = this.type(request);
    return diffResponse(type.difference(previous.value, next.value, this.connected(), outputs));
  }

  async create(request: protocol.CreateRequest): Promise<protocol.CreateResponse> {
    const type = this.type(request);
    const inputs = propertiesOf(request.getProperties());
    const response = new protocol.CreateResponse();
    if (request.getPreview()) {
      const planned = { ...unknownOutputs(type), ...inputs.value };
      response.setProperties(this.marked(type, planned, inputs));
      return response;
    }
    const operation = this.operation(request, inputs.value);
    const created = await this.explained([inputs], () =>
      this.recorded(type, [inputs], () => type.create(this.connected(), operation)),
    );
    response.setId(created.id);
    response.setProperties(this.marked(type, created.outputs, inputs));
    return response;
  }

  async read(request: protocol.ReadRequest): Promise<protocol.ReadResponse> {
    const type = this.type(request);
    const inputs = propertiesOf(request.getInputs());
    const outputs = propertiesOf(request.getProperties());
    const response = new protocol.ReadResponse();
    if (Object.keys(inputs.value).length === 0) return this.find(request, type, outputs);
    const existing = {
      urn: request.getUrn(),
      id: request.getId(),
      inputs: inputs.value,
      outputs: outputs.value,
    };
    const live = await this.explained([inputs, outputs], () =>
      type.read(this.connected(), existing, this.cancellation.signal),
    );
    // An answer without an id tells the engine that the resource is gone.
    if (live === undefined) return response;
    const liveInputs = this.marked(type, live.inputs, inputs, outputs);
    const liveOutputs = this.marked(type, live.outputs, inputs, outputs);
    if (live.reasons !== undefined) {
      throw new NotReadyResponse(
        `${request.getId()} is not ready`,
        request.getId(),
        liveOutputs,
        liveInputs,
        live.reasons.map((reason) => this.message(reason, [inputs, outputs])),
      );
    }
    response.setId(request.getId());
    response.setInputs(liveInputs);
    response.setProperties(liveOutputs);
    return response;
  }

  /** Reads an object that the program did not make. */
  private async find(
    request: protocol.ReadRequest,
    type: ResourceType<Connection>,
    outputs: DecodedProperties,
  ): Promise<protocol.ReadResponse> {
    const find = type.find?.bind(type);
    if (find === undefined) {
      throw new Error(this.refusal(`importing or getting ${tokenOf(request.getUrn())}`));
    }
    const response = new protocol.ReadResponse();
    const found = await this.explained([outputs], () =>
      find(this.connected(), request.getId(), this.cancellation.signal),
    );
    if (found === undefined) return response;
    response.setId(request.getId());
    response.setProperties(this.marked(type, found, outputs));
    return response;
  }

  async update(request: protocol.UpdateRequest): Promise<protocol.UpdateResponse> {
    const type = this.type(request);
    const inputs = propertiesOf(request.getNews());
    const previous = propertiesOf(request.getOldInputs());
    const outputs = propertiesOf(request.getOlds());
    const response = new protocol.UpdateResponse();
    if (request.getPreview()) {
      const kept = Object.entries(outputs.value).filter(([name]) => type.computed.includes(name));
      const planned = { ...Object.fromEntries(kept), ...inputs.value };
      response.setProperties(this.marked(type, planned, inputs, outputs));
      return response;
    }
    const existing = {
      urn: request.getUrn(),
      id: request.getId(),
      inputs: previous.value,
      outputs: outputs.value,
    };
    const operation = this.operation(request, inputs.value);
    const updated = await this.explained([inputs, previous, outputs], () =>
      this.recorded(type, [inputs, outputs], () =>
        type.update(this.connected(), existing, operation),
      ),
    );
    response.setProperties(this.marked(type, updated, inputs, outputs));
    return response;
  }

  async delete(request: protocol.DeleteRequest): Promise<Empty> {
    const type = this.type(request);
    const inputs = propertiesOf(request.getOldInputs());
    const outputs = propertiesOf(request.getProperties());
    const existing = {
      urn: request.getUrn(),
      id: request.getId(),
      inputs: inputs.value,
      outputs: outputs.value,
    };
    await this.explained([inputs, outputs], () =>
      type.delete(this.connected(), existing, this.operation(request, {})),
    );
    return new Empty();
  }

  /** Makes a component's resources, at the engine that asks. */
  async construct(request: protocol.ConstructRequest): Promise<protocol.ConstructResponse> {
    const token = request.getType();
    const component = this.plugin.component?.(token) ?? this.refuse(token);
    const inputs = propertiesOf(request.getInputs());
    const lacking = Object.keys(inputs.value).filter((name) => hasUnknown(inputs.value[name]));
    if (lacking.length > 0)
      throw new Error(
        this.refusal(`${token} whose ${lacking.join(", ")} is not known before the update`),
      );
    return this.explained([inputs], async () => {
      const { signal } = this.cancellation;
      const name = request.getName();
      const children = await component.children(inputs.value, name, this.connected(), signal);
      const secretTexts = [...this.configurationSecrets, ...secretTextsOf(inputs)];
      return register(request, this.plugin, children, secretTexts);
    });
  }

  /** @throws Error always: the stand-in does not implement what the token names */
  refuse(token: string): never {
    throw new Error(this.plugin.refusal?.(token) ?? this.refusal(token));
  }

  private refusal(what: string): string {
    return `the stand-in for the ${this.plugin.name} plugin does not implement ${what}; use the official plugin`;
  }

  private type(request: Subject): ResourceType<Connection> {
    const token = tokenOf(request.getUrn());
    return this.plugin.resourceType(token) ?? this.refuse(token);
  }

  private connected(): Connection {
    if (this.connection === undefined) {
      throw new Error(`the ${this.plugin.name} plugin was not configured`);
    }
    return this.connection;
  }

  private operation(request: Subject, inputs: Properties): Operation {
    const seconds = request.getTimeout?.() ?? 0;
    return {
      urn: request.getUrn(),
      inputs,
      timeoutSeconds: seconds > 0 ? seconds : undefined,
      signal: this.cancellation.signal,
    };
  }

  /** The properties as a message, with everything marked that is secret in itself or was passed as a secret. */
  private marked(
    type: ResourceType<Connection>,
    properties: Properties,
    ...sources: DecodedProperties[]
  ): Struct {
    const always = Object.fromEntries(type.secrets.map((name) => [name, true] as const));
    const secrecy = sources.reduce<Secrecy>((mask, source) => unite(mask, source.secrecy), always);
    const secretTexts = [...this.configurationSecrets, ...sources.flatMap(secretTextsOf)];
    return structOf(properties, secrecy, secretTexts);
  }

  /** Passes a failure on as one line without secrets. */
  private async explained<Result>(
    sources: DecodedProperties[],
    act: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof NotReadyResponse) throw error;
      // No cause: it may contain the secrets that were removed from the message.
      // eslint-disable-next-line preserve-caught-error
      throw new Error(this.message(error, sources));
    }
  }

  private message(error: unknown, sources: DecodedProperties[]): string {
    const text = error instanceof Error ? error.message : String(error);
    return redact(text, [...this.configurationSecrets, ...sources.flatMap(secretTextsOf)]);
  }

  /** Passes a resource that exists but is not ready to the engine, which has to record it. */
  private async recorded<Result>(
    type: ResourceType<Connection>,
    sources: DecodedProperties[],
    act: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      const [inputs] = sources;
      throw new NotReadyResponse(
        this.message(error, sources),
        error.id,
        this.marked(type, error.outputs, ...sources),
        this.marked(type, inputs?.value ?? {}, ...sources),
        error.reasons.map((reason) => this.message(reason, sources)),
      );
    }
  }
}

function unknownOutputs<Connection>(type: ResourceType<Connection>): Properties {
  return Object.fromEntries(type.computed.map((name) => [name, unknown]));
}

function failureOf(property: string, reason: string): protocol.CheckFailure {
  const failure = new protocol.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

/** A URN is `urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME`. */
function tokenOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? urn;
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** With an update plan's seed the name is the same as in the plan's preview. */
function suffixOf(request: protocol.CheckRequest): string {
  const seed = request.getRandomseed_asU8();
  const source = seed.length > 0 ? seed : randomBytes(32);
  return createHash("sha256").update(source).digest("hex");
}
