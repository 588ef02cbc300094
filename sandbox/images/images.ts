import { globSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { rootCertificates } from "node:tls";
import { bookinfoSettings } from "../../components/settings";
import type { BookinfoSettings, LoginSettings } from "../../components/settings";
import { Failure } from "../failure";
import type { LoginTools } from "../toolchain/toolchain";
import { buildApplications, buildPrograms, staticFiles, type Application } from "./applications";
import { sharedLibraries } from "./libraries";
import type {
  ContainerConfiguration,
  ImageSpecification,
  Layer,
  LayerEntry,
} from "./specification";

/** Where the files are that the sandbox's images are made of. Every path is absolute. */
export interface ImageInputs {
  /** The program that holds a pod's namespaces. */
  readonly pause: string;
  /** Istio's control plane. */
  readonly pilotDiscovery: string;
  /** Istio's program that starts Envoy and sets up a pod's traffic. */
  readonly pilotAgent: string;
  readonly envoy: string;
  /** Istio's template of Envoy's configuration. */
  readonly envoyBootstrap: string;
  /** A folder into which Debian's iptables and its libraries were unpacked. */
  readonly iptablesRoot: string;
  /** A Node 24. */
  readonly node: string;
  /** The tag of Istio's images. */
  readonly tag: string;
  /** Only for a login at the gateway. */
  readonly login?: LoginTools | undefined;
}

/** What the stack calls the images that are its own. */
export interface ImageNames extends BookinfoSettings {
  /** The project's own image instead of Bookinfo's, and the program in it. */
  readonly service?: { readonly image: string; readonly source: string } | undefined;
  /** Every login that the node is to have the images for. */
  readonly logins: readonly LoginSettings[];
}

/** Where Istio's own charts take its images from, and so the name that these have. */
export const istioRegistry = "docker.io/istio";

/** The image that holds a pod's namespaces; containerd is told its name. */
export const pauseImage = "registry.k8s.io/pause:3.10";

const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** User and group id of Istio's programs. */
const istio = 1337;
/** User and group id of the programs that Node runs. */
const node = 1000;

/** The one binary of iptables behind all its names, and the names. */
const iptables = {
  binary: "usr/sbin/xtables-nft-multi",
  names: ["iptables", "ip6tables"].flatMap((program) =>
    ["", "-nft"].flatMap((kind) =>
      ["", "-save", "-restore"].map((action) => `${program}${kind}${action}`),
    ),
  ),
};

/** What every image begins with. The certificates are Mozilla's, as Node carries them. */
const base: Layer = [
  ...["dev", "home", "proc", "run", "sys", "usr/local/bin", "var/lib", "var/log"].map(
    (path): LayerEntry => ({ kind: "folder", path }),
  ),
  { kind: "folder", path: "root", mode: 0o700 },
  { kind: "folder", path: "tmp", mode: 0o1777 },
  { kind: "folder", path: "var/tmp", mode: 0o1777 },
  {
    kind: "text",
    path: "etc/passwd",
    content: `root:x:0:0:root:/root:/sbin/nologin
node:x:${node}:${node}:node:/:/sbin/nologin
istio-proxy:x:${istio}:${istio}:istio-proxy:/:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
`,
  },
  {
    kind: "text",
    path: "etc/group",
    content: `root:x:0:\nnode:x:${node}:\nistio-proxy:x:${istio}:\nnogroup:x:65534:\n`,
  },
  { kind: "text", path: "etc/nsswitch.conf", content: "hosts: files dns\n" },
  {
    kind: "text",
    path: "etc/ssl/certs/ca-certificates.crt",
    content: `${rootCertificates.join("\n")}\n`,
  },
];

/**
 * The images that the sandbox's node runs, under the names that the mesh's charts, Bookinfo and
 * the verification ask for: none can be pulled on a machine without a way to a registry.
 *
 * @param inputs what they are made of
 * @param names what the stack calls its images; default: as a stack that says nothing of it
 * @throws Failure that names every input, or every library of one, that is missing.
 */
export async function sandboxImages(
  inputs: ImageInputs,
  { registry, tag, logins, service }: ImageNames = defaultNames,
): Promise<ImageSpecification[]> {
  checkInputs(inputs);
  const nodeLayer = program("usr/local/bin/node", inputs.node);
  return [
    pause(inputs),
    pilot(inputs),
    proxy(inputs),
    probe(nodeLayer),
    ...(service
      ? [await serviceImage(nodeLayer, service)]
      : bookinfo(nodeLayer, await applicationLayer(), registry, tag, logins)),
    ...logins.flatMap((login) =>
      login.at === "gateway" && inputs.login ? loginImages(login, inputs.login) : [],
    ),
  ];
}

export const defaultNames: ImageNames = {
  ...bookinfoSettings.parse({}),
  logins: [],
};

/** OAuth2-Proxy, and the Redis that it keeps sessions in. */
function loginImages(
  { image, redisImage }: Extract<LoginSettings, { at: "gateway" }>,
  { oauth2Proxy, redisRoot }: LoginTools,
): ImageSpecification[] {
  const path = "usr/bin/redis-server";
  const source = join(redisRoot, "usr/bin/redis-check-rdb");
  return [
    {
      reference: image,
      layers: [base, program("bin/oauth2-proxy", oauth2Proxy)],
      configuration: { ...asNode, Entrypoint: ["/bin/oauth2-proxy"] },
    },
    {
      reference: redisImage,
      layers: [base, program(path, source, libraryFoldersOf(redisRoot))],
      configuration: { ...asNode, Cmd: ["redis-server"] },
    },
  ];
}

/** Where packages that were unpacked into a folder have their libraries. */
function libraryFoldersOf(root: string): string[] {
  return globSync("usr/lib/*-linux-gnu", { cwd: root }).map((path) => join(root, path));
}

function pause({ pause: source }: ImageInputs): ImageSpecification {
  return {
    reference: pauseImage,
    layers: [base, program("pause", source)],
    configuration: { User: "65535:65535", Entrypoint: ["/pause"], WorkingDir: "/" },
  };
}

function pilot({ pilotDiscovery, tag }: ImageInputs): ImageSpecification {
  return {
    reference: `${istioRegistry}/pilot:${tag}`,
    layers: [base, program("usr/local/bin/pilot-discovery", pilotDiscovery)],
    configuration: {
      User: `${istio}:${istio}`,
      Env: [searchPath],
      Entrypoint: ["/usr/local/bin/pilot-discovery"],
      WorkingDir: "/",
    },
  };
}

/** Istio's proxy. Like the original it names no user: the injected pod says who runs what. */
function proxy(inputs: ImageInputs): ImageSpecification {
  const { envoy, envoyBootstrap, iptablesRoot, pilotAgent, tag } = inputs;
  return {
    reference: `${istioRegistry}/proxyv2:${tag}`,
    layers: [
      base,
      program("usr/local/bin/envoy", envoy),
      iptablesLayer(iptablesRoot),
      [
        ...program("usr/local/bin/pilot-agent", pilotAgent),
        {
          kind: "file",
          path: "var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
          source: envoyBootstrap,
        },
        { kind: "folder", path: "etc/istio/proxy", owner: istio },
        { kind: "folder", path: "var/lib/istio/data", owner: istio },
      ],
    ],
    configuration: {
      Env: [searchPath],
      Entrypoint: ["/usr/local/bin/pilot-agent"],
      WorkingDir: "/",
    },
  };
}

function iptablesLayer(root: string): Layer {
  const binary = join(root, iptables.binary);
  // iptables opens these by the path that it was built with.
  const extensions = globSync("usr/lib/*/xtables/*.so", { cwd: root }).map((path) => ({
    path,
    source: join(root, path),
  }));
  return [
    ...program(iptables.binary, binary, libraryFoldersOf(root)),
    ...iptables.names.map((name): LayerEntry => ({
      kind: "link",
      path: `usr/sbin/${name}`,
      target: relative("usr/sbin", iptables.binary),
    })),
    ...extensions.map((extension): LayerEntry => ({ kind: "file", ...extension })),
  ];
}

/** What the verification sends its requests from: a Node, under the name of the public image. */
function probe(nodeLayer: Layer): ImageSpecification {
  return {
    reference: "docker.io/library/node:24-alpine",
    layers: [base, nodeLayer],
    configuration: { ...asNode, Cmd: ["node"] },
  };
}

const asNode: ContainerConfiguration = {
  User: `${node}:${node}`,
  Env: [searchPath],
  WorkingDir: "/",
};

/** One of Bookinfo's images: the program that it runs, its version and, for reviews, its stars. */
interface BookinfoImage {
  readonly application: Application;
  readonly version: string;
  readonly stars?: string;
}

const productpage: BookinfoImage = { application: "productpage", version: "v1" };

const services: readonly BookinfoImage[] = [
  productpage,
  { application: "details", version: "v1" },
  { application: "ratings", version: "v1" },
  { application: "reviews", version: "v1" },
  { application: "reviews", version: "v2", stars: "black" },
  { application: "reviews", version: "v3", stars: "red" },
];

function bookinfo(
  nodeLayer: Layer,
  applicationLayer: Layer,
  registry: string,
  tag: string,
  logins: readonly LoginSettings[],
): ImageSpecification[] {
  const imageOf = ({ application, version, stars }: BookinfoImage) => ({
    reference: `${registry}/examples-bookinfo-${application}-${version}:${tag}`,
    layers: [base, nodeLayer, applicationLayer],
    configuration: {
      ...asNode,
      ExposedPorts: { "9080/tcp": {} },
      Env: [
        searchPath,
        `SERVICE_VERSION=${version}`,
        ...(stars === undefined ? [] : ["ENABLE_RATINGS=true", `STAR_COLOR=${stars}`]),
      ],
      Entrypoint: ["/usr/local/bin/node", `/opt/bookinfo/${application}.js`],
    },
  });
  // The productpage signs people in by itself where it is told how.
  const withLogin = logins.flatMap((login) =>
    login.at === "application" ? [{ ...imageOf(productpage), reference: login.image }] : [],
  );
  return [...services.map(imageOf), ...withLogin];
}

/** One program, which is told by its environment which of the services it is. */
async function serviceImage(
  nodeLayer: Layer,
  { image, source }: NonNullable<ImageNames["service"]>,
): Promise<ImageSpecification> {
  const [content = new Uint8Array()] = Object.values(await buildPrograms([source]));
  return {
    reference: image,
    layers: [base, nodeLayer, [{ kind: "text", path: "opt/service.js", content }]],
    configuration: { ...asNode, Entrypoint: ["/usr/local/bin/node", "/opt/service.js"] },
  };
}

async function applicationLayer(): Promise<Layer> {
  const programs = Object.entries(await buildApplications());
  return [
    ...programs.map(([name, content]): LayerEntry => ({
      kind: "text",
      path: `opt/bookinfo/${name}`,
      content,
    })),
    ...staticFiles.map(({ path, source }): LayerEntry => ({
      kind: "file",
      path: `opt/bookinfo/${path}`,
      source,
    })),
  ];
}

/** A program with its libraries, if it is not static. */
function program(path: string, source: string, searchFirst: readonly string[] = []): Layer {
  return [{ kind: "file", path, source, mode: 0o755 }, ...sharedLibraries(source, searchFirst)];
}

function checkInputs(inputs: ImageInputs): void {
  const files: Readonly<Record<string, string>> = {
    pause: inputs.pause,
    "pilot-discovery": inputs.pilotDiscovery,
    "pilot-agent": inputs.pilotAgent,
    Envoy: inputs.envoy,
    "Envoy's bootstrap template": inputs.envoyBootstrap,
    iptables: join(inputs.iptablesRoot, iptables.binary),
    Node: inputs.node,
    ...(inputs.login && {
      "OAuth2-Proxy": inputs.login.oauth2Proxy,
      Redis: join(inputs.login.redisRoot, "usr/bin/redis-check-rdb"),
    }),
  };
  const missing = Object.entries(files).filter(
    ([, path]) => statSync(path, { throwIfNoEntry: false })?.isFile() !== true,
  );
  if (missing.length === 0) return;
  const named = missing.map(([name, path]) => `${name} (${path})`).join(", ");
  throw new Failure(
    `cannot write the images: missing ${named}. Build the toolchain again: npm run sandbox.`,
  );
}
