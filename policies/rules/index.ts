/** Every rule of the pack. */
import type { Rule } from "../rule";
import { meshMutualTls } from "./mesh-mutual-tls";

export const rules: readonly Rule[] = [meshMutualTls];
