/** Every weakening that the pack has to catch, by the stack whose program is weakened. */
import { entranceMutations } from "./entrance";
import { grantMutations } from "./grants";
import { auth0Mutations, clusterMutations, localMutations } from "./infrastructure";
import { meshMutations } from "./mesh";
import type { Mutation } from "./mutation";
import { tableMutations } from "./table";
import { tokenMutations } from "./tokens";
import { workloadMutations } from "./workloads";

export const mutations: Readonly<Record<string, readonly Mutation[]>> = {
  prod: [
    ...meshMutations,
    ...tokenMutations,
    ...tableMutations,
    ...workloadMutations,
    ...entranceMutations,
    ...auth0Mutations,
    ...clusterMutations,
  ],
  sandbox: [...localMutations, ...grantMutations],
};
