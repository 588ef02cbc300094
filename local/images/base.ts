/** What the sandbox's images have in common. */
import { rootCertificates } from "node:tls";
import { sharedLibraries } from "./libraries";
import type { ContainerConfiguration, Layer, LayerEntry } from "./specification";

export const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** User and group id of Istio's programs. */
export const istio = 1337;
/** User and group id of the programs that Node runs. */
const node = 1000;

/** The first layer of every image. The certificates are Mozilla's, from Node. */
export const base: Layer = [
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

/** The configuration of every program that is not Istio's and needs no rights. */
export const asNode: ContainerConfiguration = {
  User: `${node}:${node}`,
  Env: [searchPath],
  WorkingDir: "/",
};

/** A program with its libraries, if it is not linked statically. */
export function program(path: string, source: string, searchFirst: readonly string[] = []): Layer {
  return [{ kind: "file", path, source, mode: 0o755 }, ...sharedLibraries(source, searchFirst)];
}
