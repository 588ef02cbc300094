/** The official SDK, which takes as long to load as the rest of the plug-in. */
import { ManagementClient } from "auth0";

export type ClientOptions = ConstructorParameters<typeof ManagementClient>[0];

export const clientFor = (options: ClientOptions): ManagementClient =>
  new ManagementClient(options);
