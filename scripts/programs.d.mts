import type { Plugin } from "esbuild";

export function builtPrograms(root: string): Promise<string>;
export function places(esbuild: typeof import("esbuild")): Plugin;
