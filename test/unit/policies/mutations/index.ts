/** Every weakening that the pack has to catch, by the program that is weakened. */
import {
  corsChanges,
  corsMutations,
  ownCorsChanges,
  ownCorsMutations,
  preflightMutations,
} from "./cors";
import type { Application } from "../../../../components/application";
import { documented, documentMutations } from "./document";
import { entranceMutations } from "./entrance";
import { grantMutations } from "./grants";
import {
  auth0Mutations,
  availabilityMutations,
  clusterMutations,
  localMutations,
} from "./infrastructure";
import { istiodMutations, templateMutations } from "./istiod";
import { loginMutations, requiredMutations } from "./login";
import { meshMutations } from "./mesh";
import type { Mutation } from "./mutation";
import { importMutations, loginNetworkMutations, networkMutations } from "./network";
import { addressMutations, clientMutations, formMutations, routeMutations } from "./routes";
import { tableMutations } from "./table";
import { tokenMutations } from "./tokens";
import { workloadMutations } from "./workloads";

/** A program, and its weakenings. */
export interface Weakened {
  readonly stack: string;
  /** Changes of the stack's settings, by the configuration's key. Default: none. */
  readonly changes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Default: Bookinfo. */
  readonly application?: Application;
  readonly mutations: readonly Mutation[];
}

export const weakened: readonly Weakened[] = [
  {
    stack: "prod",
    mutations: [
      ...meshMutations,
      ...istiodMutations,
      ...templateMutations,
      ...tokenMutations,
      ...tableMutations,
      ...clientMutations,
      ...formMutations,
      ...workloadMutations,
      ...networkMutations,
      ...importMutations,
      ...entranceMutations,
      ...routeMutations,
      ...auth0Mutations,
      ...addressMutations,
      ...clusterMutations,
      ...availabilityMutations,
    ],
  },
  { stack: "sandbox", mutations: [...localMutations, ...grantMutations] },
  {
    stack: "prod",
    changes: { "istio-auth0:login": { at: "gateway" } },
    mutations: [...loginMutations, ...loginNetworkMutations],
  },
  {
    stack: "prod",
    changes: { "istio-auth0:login": { at: "gateway", required: true } },
    mutations: requiredMutations,
  },
  { stack: "prod", changes: corsChanges, mutations: corsMutations },
  { stack: "prod", changes: ownCorsChanges, mutations: ownCorsMutations },
  { stack: "prod", application: documented, mutations: documentMutations },
  {
    stack: "prod",
    changes: { ...corsChanges, "istio-auth0:login": { at: "gateway", required: true } },
    mutations: preflightMutations,
  },
];
