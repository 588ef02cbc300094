/** The parts of a stand-in plug-in. `serve` in server.ts speaks Pulumi's protocol for it. */
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

/** What a check knows about the resource in addition to its inputs. */
export interface CheckContext {
  /** The resource's name in the program. */
  name: string;
  /** The inputs of the existing resource, or none when it is new. */
  previous: Properties | undefined;
  /** Random hexadecimal digits for a name. */
  suffix: string;
}

/** A resource in the state, as the engine passes it. */
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
  /** Aborted when the engine cancels the operation, or has ended. */
  signal: AbortSignal;
}

/** One type of resource, with a connection to its API. */
export interface ResourceType<Connection> {
  /** Outputs that exist only when the resource does. */
  readonly computed: readonly string[];
  /** Inputs and outputs that are always secret. */
  readonly secrets: readonly string[];
  /** Adds defaults to the inputs and finds what is wrong with them. Any value may be unknown. */
  check(inputs: Properties, context: CheckContext, connection: Connection): Checked;
  /**
   * What an update would change.
   * @param previous the inputs of the existing resource
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
  /**
   * The inputs and outputs of the live resource, or undefined when it is gone. Where there are reasons why it is not
   * ready, the engine says them, and its next update waits until it is.
   */
  read(
    connection: Connection,
    existing: Existing,
    signal: AbortSignal,
  ): Promise<{ inputs: Properties; outputs: Properties; reasons?: readonly string[] } | undefined>;
  /**
   * The outputs of an object with an id that the program did not make, or undefined if there is none. Without this
   * function, resources of the type can only be made.
   */
  find?(connection: Connection, id: string, signal: AbortSignal): Promise<Properties | undefined>;
  update(connection: Connection, existing: Existing, operation: Operation): Promise<Properties>;
  /** Removes the resource; one that is gone already is not an error. */
  delete(
    connection: Connection,
    existing: Existing,
    operation: Omit<Operation, "inputs">,
  ): Promise<void>;
}

/** What a component makes: one of the plug-in's own resources. */
export interface Child {
  readonly token: string;
  readonly name: string;
  readonly inputs: Properties;
  /** Inputs that are always secret. */
  readonly secrets: readonly string[];
  /** The children that it is made after: earlier ones of the same list. */
  readonly after: readonly Child[];
  /** Whether the object stays when the resource goes. Default: false */
  readonly retained?: boolean;
}

/** A component that the plug-in makes from other resources. */
export interface Component<Connection> {
  /**
   * @param name the component's name in the program
   * @param inputs all known
   * @returns in an order in which each comes after those that it is made after
   */
  children(
    inputs: Properties,
    name: string,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<readonly Child[]>;
}

export interface Plugin<Connection> {
  /** The Pulumi package that the plug-in stands in for. */
  readonly name: string;
  /** The version of the package's SDK. */
  readonly version: string;
  /** Provider inputs whose change makes a new provider, and so replaces all of its resources. */
  replacesProvider(previous: Properties, next: Properties): readonly string[];
  /** Opens the connection. @throws Error on bad configuration, naming the setting */
  connect(config: Properties): Promise<Connection>;
  /** The type of a token such as `auth0:index/client:Client`, or undefined when it is not implemented. */
  resourceType(token: string): ResourceType<Connection> | undefined;
  /** The component of a token such as `kubernetes:yaml/v2:ConfigGroup`, or undefined when it is not implemented. */
  component?(token: string): Component<Connection> | undefined;
  /** In place of random hexadecimal digits for names: a plan is to be the same each time. Default: none. */
  readonly suffix?: string;
  /**
   * Why a function or type is not available, and what to do, if there is more to say than that it is not implemented.
   */
  refusal?(token: string): string | undefined;
}

/** The resource was made or changed, but did not become ready: the engine records it and reports why. */
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
