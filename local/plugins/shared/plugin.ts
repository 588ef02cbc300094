/** What a stand-in plug-in is made of. `serve` in server.ts speaks Pulumi's protocol for it. */
import type { Difference } from "./difference";
import type { Properties } from "./values";

export interface CheckFailure {
  /** The input's property path; empty for the resource as a whole. */
  property: string;
  reason: string;
}

export interface Checked {
  inputs: Properties;
  failures: CheckFailure[];
}

/** What a check knows about the resource beside its inputs. */
export interface CheckContext {
  /** The resource's name in the program. */
  name: string;
  /** The inputs of the resource as it stands, or none when it is new. */
  previous: Properties | undefined;
  /** Random hexadecimal digits for a name. */
  suffix: string;
}

/** A resource in the state, as the engine hands it over. */
export interface Existing {
  urn: string;
  id: string;
  inputs: Properties;
  outputs: Properties;
}

export interface Operation {
  urn: string;
  inputs: Properties;
  /** The deadline that the program sets for the operation, or undefined for the type's own. */
  timeoutSeconds: number | undefined;
  /** Aborted when the engine cancels, or is gone. */
  signal: AbortSignal;
}

/** One type of resource, over a connection to its API. */
export interface ResourceType<Connection> {
  /** Outputs that exist only once the resource does. */
  readonly computed: readonly string[];
  /** Inputs and outputs that are always secret. */
  readonly secrets: readonly string[];
  /** Completes the inputs and finds what is wrong with them. Unknown values may occur anywhere. */
  check(inputs: Properties, context: CheckContext, connection: Connection): Checked;
  /**
   * What an update would change.
   * @param previous the inputs of the resource as it stands
   * @param outputs its outputs
   */
  difference(
    previous: Properties,
    inputs: Properties,
    connection: Connection,
    outputs: Properties,
  ): Difference;
  create(
    connection: Connection,
    operation: Operation,
  ): Promise<{ id: string; outputs: Properties }>;
  /** The inputs and outputs that the live resource has, or undefined when it is gone. */
  read(
    connection: Connection,
    existing: Existing,
    signal: AbortSignal,
  ): Promise<{ inputs: Properties; outputs: Properties } | undefined>;
  /**
   * The outputs of what is there under an id and was not made by the program, or undefined where nothing is.
   * Without it, the type can only be made.
   */
  find?(connection: Connection, id: string, signal: AbortSignal): Promise<Properties | undefined>;
  update(connection: Connection, existing: Existing, operation: Operation): Promise<Properties>;
  /** Removes the resource; one that is gone already is success. */
  delete(
    connection: Connection,
    existing: Existing,
    operation: Omit<Operation, "inputs">,
  ): Promise<void>;
}

export interface Plugin<Connection> {
  /** The Pulumi package that the plug-in stands in for. */
  readonly name: string;
  /** The version of the package's SDK. */
  readonly version: string;
  /** Provider inputs whose change makes a new provider, and so replaces all of its resources. */
  replacesProvider(previous: Properties, next: Properties): readonly string[];
  /** Opens the connection. @throws on bad configuration, naming the setting. */
  connect(config: Properties): Promise<Connection>;
  /** The type of a token such as `auth0:index/client:Client`, or undefined when it is not implemented. */
  resourceType(token: string): ResourceType<Connection> | undefined;
  /** Why a function or type cannot be had, and what to do, where more can be said than that it is not implemented. */
  refusal?(token: string): string | undefined;
}

/** The resource was made or changed, but did not become ready: the engine records it and says why. */
export class NotReadyError extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Properties,
    readonly reasons: readonly string[],
  ) {
    super(message);
    this.name = "NotReadyError";
  }
}
