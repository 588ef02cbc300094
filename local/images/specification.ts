/** One thing in a layer. `path` is relative to the image's root and has no leading slash. */
export type LayerEntry =
  | {
      readonly kind: "folder";
      readonly path: string;
      /** Permission bits; default 0755. */
      readonly mode?: number;
      /** User and group id; default 0. */
      readonly owner?: number;
    }
  | {
      readonly kind: "file";
      readonly path: string;
      /** A file of this machine, by absolute path; a symbolic link is followed. */
      readonly source: string;
      /** Permission bits; default 0644. */
      readonly mode?: number;
    }
  | { readonly kind: "text"; readonly path: string; readonly content: string | Uint8Array }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** Entries of one layer; the folders above them are added automatically. */
export type Layer = readonly LayerEntry[];

/** The part of an image's configuration that says how its container starts, as OCI names it. */
export interface ContainerConfiguration {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

/** One image. */
export interface ImageSpecification {
  /** Its full name, with registry and tag: `docker.io/istio/pilot:1.30.3`. */
  readonly reference: string;
  /** Lowest first. A layer that several images name is written once. */
  readonly layers: readonly Layer[];
  readonly configuration: ContainerConfiguration;
}
