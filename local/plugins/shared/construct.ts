/** Registers a component and its resources at the engine that asks for it, as the program's SDK would. */
import * as grpc from "@grpc/grpc-js";
import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Child, Plugin } from "./plugin";
import { structOf } from "./responses";
import { reference, unknown } from "./values";

type Version = Pick<Plugin<never>, "name" | "version">;

/**
 * @param plugin whose resources the children are
 * @param secretTexts texts that are secret where they occur in a child's inputs
 */
export async function register(
  request: ConstructRequest,
  plugin: Version,
  children: readonly Child[],
  secretTexts: readonly string[],
): Promise<ConstructResponse> {
  const monitor = new ResourceMonitorClient(
    request.getMonitorendpoint(),
    grpc.credentials.createInsecure(),
    { "grpc.max_receive_message_length": -1 },
  );
  try {
    const { urn } = await registered(monitor, componentOf(request));
    const made = new Map<Child, Promise<Registered>>();
    for (const child of children) {
      const before = child.after.flatMap((other) => made.get(other) ?? []);
      const asked = async () => {
        const dependencies = await Promise.all(before);
        const urns = dependencies.map((each) => each.urn);
        return registered(monitor, childOf(request, plugin, urn, child, urns, secretTexts));
      };
      made.set(child, asked());
    }
    // All are waited for, so that none is made after the answer.
    const results = await Promise.allSettled(made.values());
    const resources = results.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    return responseOf(request, plugin, urn, resources);
  } finally {
    monitor.close();
  }
}

interface Registered {
  readonly urn: string;
  readonly id: string;
}

function registered(
  monitor: ResourceMonitorClient,
  request: RegisterResourceRequest,
): Promise<Registered> {
  return new Promise((resolve, reject) => {
    monitor.registerResource(
      request,
      (error: grpc.ServiceError | null, response: RegisterResourceResponse) => {
        if (error) reject(new Error(error.details));
        else resolve({ urn: response.getUrn(), id: response.getId() });
      },
    );
  });
}

/** What every resource's request says. */
function requestFor(token: string, name: string, parent: string): RegisterResourceRequest {
  const request = new RegisterResourceRequest();
  request.setType(token);
  request.setName(name);
  request.setParent(parent);
  request.setAcceptsecrets(true);
  request.setAcceptresources(true);
  request.setSupportspartialvalues(true);
  request.setAliasspecs(true);
  return request;
}

/** The component, with the program's own options. */
function componentOf(asked: ConstructRequest): RegisterResourceRequest {
  const request = requestFor(asked.getType(), asked.getName(), asked.getParent());
  request.setObject(Struct.fromJavaScript({}));
  request.setDependenciesList(asked.getDependenciesList());
  for (const [name, provider] of asked.getProvidersMap().entries())
    request.getProvidersMap().set(name, provider);
  request.setAliasesList(asked.getAliasesList());
  request.setIgnorechangesList(asked.getIgnorechangesList());
  request.setReplaceonchangesList(asked.getReplaceonchangesList());
  request.setCustomtimeouts(timeoutsOf(asked));
  inherit(request, asked);
  return request;
}

function timeoutsOf(asked: ConstructRequest): RegisterResourceRequest.CustomTimeouts | undefined {
  const given = asked.getCustomtimeouts();
  if (given === undefined) return undefined;
  const timeouts = new RegisterResourceRequest.CustomTimeouts();
  timeouts.setCreate(given.getCreate());
  timeouts.setUpdate(given.getUpdate());
  timeouts.setDelete(given.getDelete());
  return timeouts;
}

/** Options that children have from their component. */
function inherit(request: RegisterResourceRequest, asked: ConstructRequest): void {
  if (asked.hasProtect()) request.setProtect(asked.getProtect() === true);
  if (asked.hasRetainondelete()) request.setRetainondelete(asked.getRetainondelete() === true);
  request.setDeletedwith(asked.getDeletedwith());
}

function childOf(
  asked: ConstructRequest,
  { name: plugin, version }: Version,
  parent: string,
  { token, name, inputs, secrets, retained }: Child,
  dependencies: readonly string[],
  secretTexts: readonly string[],
): RegisterResourceRequest {
  const request = requestFor(token, name, parent);
  request.setCustom(true);
  request.setVersion(version);
  const secrecy = Object.fromEntries(
    secrets.flatMap((secret) => (secret in inputs ? [[secret, true as const]] : [])),
  );
  request.setObject(structOf(inputs, secrecy, secretTexts));
  request.setDependenciesList([...dependencies]);
  // The values come from no other resource.
  for (const property of Object.keys(inputs))
    request
      .getPropertydependenciesMap()
      .set(property, new RegisterResourceRequest.PropertyDependencies());
  request.setProvider(asked.getProvidersMap().get(plugin) ?? "");
  inherit(request, asked);
  if (retained === true) request.setRetainondelete(true);
  return request;
}

/** The component's output `resources`, of which each child is one. */
function responseOf(
  asked: ConstructRequest,
  { version }: Version,
  urn: string,
  resources: readonly Registered[],
): ConstructResponse {
  const response = new ConstructResponse();
  response.setUrn(urn);
  const references = resources.map((each) =>
    reference(each.urn, asked.getDryrun() ? unknown : each.id, version),
  );
  response.setState(Struct.fromJavaScript({ resources: references }));
  const dependencies = new ConstructResponse.PropertyDependencies();
  dependencies.setUrnsList(resources.map((each) => each.urn));
  response.getStatedependenciesMap().set("resources", dependencies);
  return response;
}
