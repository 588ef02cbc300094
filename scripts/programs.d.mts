import type { Metafile, Plugin } from "esbuild";

export function builtPrograms(root: string, project?: string): Promise<string>;
export function apart(file: string): Plugin;
export const external: readonly string[];
export function librariesIn(inputs: Metafile["inputs"]): readonly string[];
export function libraryBundle(
  esbuild: typeof import("esbuild"),
  root: string,
  cache: string,
  names: readonly string[],
): Promise<string>;
export function places(esbuild: typeof import("esbuild")): Plugin;
