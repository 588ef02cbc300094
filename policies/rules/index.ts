/** Every rule of the pack. */
import type { Rule } from "../rule";
import { auth0Api } from "./auth0-api";
import { auth0Connection } from "./auth0-connection";
import { meshMutualTls } from "./mesh-mutual-tls";

export const rules: readonly Rule[] = [auth0Api, auth0Connection, meshMutualTls];
