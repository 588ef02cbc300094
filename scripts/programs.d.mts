import type { Plugin } from "esbuild";

export function builtPrograms(root: string, project?: string): Promise<string>;
export function apart(libraries: Set<string>, file: string): Plugin;
export const external: readonly string[];
export function libraryBundle(
  esbuild: typeof import("esbuild"),
  root: string,
  cache: string,
  names: readonly string[],
): Promise<string>;
export function places(esbuild: typeof import("esbuild")): Plugin;
