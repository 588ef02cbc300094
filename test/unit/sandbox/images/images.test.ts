/** The images have the names, users, commands and files that the cluster expects, and every missing input is named. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors";
import { applications } from "../../../../sandbox/images/applications";
import { writeImages } from "../../../../local/images/archive";
import { loginSettings } from "../../../../components/settings";
import { type ImageNames, sandboxImages } from "../../../../sandbox/images/images";
import type { ImageInputs } from "../../../../local/images/inputs";
import type { ImageSpecification, LayerEntry } from "../../../../local/images/specification";
import { readImages, temporaryFolder } from "../../local/images/reading";

/** The Node that runs this test: dynamically linked, as the sandbox's own Node and Envoy are. */
const node = process.execPath;
const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Inputs of which only Node, and what stands for Envoy and iptables, are programs. */
function inputs(): ImageInputs {
  const folder = temporaryFolder();
  const file = (name: string): string => {
    const path = join(folder, name);
    writeFileSync(path, name);
    return path;
  };
  const iptablesRoot = join(folder, "iptables");
  for (const part of ["usr/sbin", `usr/lib/${triplet}/xtables`]) {
    mkdirSync(join(iptablesRoot, part), { recursive: true });
  }
  symlinkSync(node, join(iptablesRoot, "usr/sbin/xtables-nft-multi"));
  writeFileSync(join(iptablesRoot, `usr/lib/${triplet}/xtables/libxt_owner.so`), "owner");
  return {
    pause: file("pause"),
    pilotDiscovery: file("pilot-discovery"),
    pilotAgent: file("pilot-agent"),
    envoy: node,
    envoyBootstrap: file("bootstrap.json"),
    iptablesRoot,
    node,
    tag: "1.30.3",
  };
}

const usual: ImageNames = {
  samples: { registry: "registry.istio.io/release", tag: "1.20.3" },
  logins: [],
};

/** The images of inputs that are all there, made once: no test changes them. */
const made = sandboxImages(inputs(), usual);

function image(images: readonly ImageSpecification[], name: string): ImageSpecification {
  const found = images.find(({ reference }) => reference.includes(name));
  assert(found, name);
  return found;
}

/** What an image holds above what all images begin with, by path. */
function contents({ layers }: ImageSpecification): Map<string, LayerEntry> {
  return new Map(layers.slice(1).flatMap((layer) => layer.map((entry) => [entry.path, entry])));
}

/** The libraries that ldd names for a program, by file name. */
function librariesOf(program: string): string[] {
  const printed = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...printed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => basename(path ?? ""));
}

test("the sandbox's images have the names, users and commands that the cluster expects", async () => {
  const asNode = { User: "1000:1000", WorkingDir: "/" };
  const bookinfo = (application: string, version: string, ...more: string[]) => [
    `registry.istio.io/release/examples-bookinfo-${application}-${version}:1.20.3`,
    {
      ...asNode,
      ExposedPorts: { "9080/tcp": {} },
      Env: [searchPath, `SERVICE_VERSION=${version}`, ...more],
      Entrypoint: ["/usr/local/bin/node", `/opt/bookinfo/${application}.js`],
    },
  ];
  const images = await made;
  assert.deepEqual(
    images.map(({ reference, configuration }) => [reference, configuration]),
    [
      [
        "registry.k8s.io/pause:3.10",
        { User: "65535:65535", Entrypoint: ["/pause"], WorkingDir: "/" },
      ],
      [
        "docker.io/istio/pilot:1.30.3",
        {
          User: "1337:1337",
          Env: [searchPath],
          Entrypoint: ["/usr/local/bin/pilot-discovery"],
          WorkingDir: "/",
        },
      ],
      [
        "docker.io/istio/proxyv2:1.30.3",
        { Env: [searchPath], Entrypoint: ["/usr/local/bin/pilot-agent"], WorkingDir: "/" },
      ],
      ["docker.io/library/node:24-alpine", { ...asNode, Env: [searchPath], Cmd: ["node"] }],
      bookinfo("productpage", "v1"),
      bookinfo("details", "v1"),
      bookinfo("ratings", "v1"),
      bookinfo("reviews", "v1"),
      bookinfo("reviews", "v2", "ENABLE_RATINGS=true", "STAR_COLOR=black"),
      bookinfo("reviews", "v3", "ENABLE_RATINGS=true", "STAR_COLOR=red"),
    ],
  );
});

test("Bookinfo's registry and tag are the caller's, if given", async () => {
  const names = { ...usual, samples: { registry: "docker.io/istio", tag: "1.18.0" } };
  const images = await sandboxImages(inputs(), names);
  assert.deepEqual(
    images.slice(4).map(({ reference }) => reference),
    ["productpage-v1", "details-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"].map(
      (name) => `docker.io/istio/examples-bookinfo-${name}:1.18.0`,
    ),
  );
});

test("every image has the folders and files that programs take for granted", async () => {
  const images = await made;
  const [base] = image(images, "pause").layers;
  assert(base);
  for (const { reference, layers } of images) assert.equal(layers[0], base, reference);
  const modes = base.flatMap((entry) =>
    entry.kind === "folder" ? [[entry.path, (entry.mode ?? 0o755).toString(8)]] : [],
  );
  assert.deepEqual(Object.fromEntries(modes), {
    ...{ dev: "755", home: "755", proc: "755", root: "700", run: "755", sys: "755", tmp: "1777" },
    ...{ "usr/local/bin": "755", "var/lib": "755", "var/log": "755", "var/tmp": "1777" },
  });
  const texts = new Map(
    base.flatMap((entry) =>
      entry.kind === "text" ? [[entry.path, entry.content.toString()]] : [],
    ),
  );
  assert.deepEqual([...texts.keys()].sort(), [
    "etc/group",
    "etc/nsswitch.conf",
    "etc/passwd",
    "etc/ssl/certs/ca-certificates.crt",
  ]);
  for (const user of ["root:x:0:0", "node:x:1000:1000", "istio-proxy:x:1337:1337"]) {
    assert(texts.get("etc/passwd")?.includes(`${user}:`), user);
  }
  const certificates = texts.get("etc/ssl/certs/ca-certificates.crt") ?? "";
  assert(certificates.split("-----BEGIN CERTIFICATE-----\n").length > 100);
});

test("the images that run Node share its layer: the program, its libraries and the loader", async () => {
  const images = await made;
  const probe = image(images, "library/node");
  const [, nodeLayer] = probe.layers;
  assert.equal(probe.layers.length, 2);
  const shared = images.filter(({ reference }) => reference.includes("bookinfo"));
  assert.equal(shared.length, 6);
  for (const { reference, layers } of shared) assert.equal(layers[1], nodeLayer, reference);

  const entries = contents(probe);
  assert.deepEqual(entries.get("usr/local/bin/node"), {
    kind: "file",
    path: "usr/local/bin/node",
    source: node,
    mode: 0o755,
  });
  const needed = librariesOf(node);
  assert(needed.includes("libc.so.6") && needed.some((name) => name.startsWith("ld-linux")));
  const held = [...entries.keys()].map((path) => basename(path));
  assert.deepEqual(
    needed.filter((name) => !held.includes(name)),
    [],
  );
});

test("Bookinfo's images hold the four programs and the page's style", async () => {
  const [, , programs] = image(await made, "productpage").layers;
  assert.deepEqual(
    programs?.map(({ path }) => path).sort(),
    [
      ...applications.map((name) => `opt/bookinfo/${name}.js`),
      "opt/bookinfo/static/bookinfo.css",
    ].sort(),
  );
});

test("the proxy holds Istio's programs, and iptables with its own libraries before the machine's", async () => {
  const given = inputs();
  const libraries = join(given.iptablesRoot, "usr/lib", triplet);
  const own = execFileSync("ldd", [node], { encoding: "utf8" });
  const standard = /(\/\S+\/libstdc\+\+\.so\.6) \(/.exec(own)?.[1];
  assert(standard);
  copyFileSync(standard, join(libraries, "libstdc++.so.6"));

  const proxy = image(await sandboxImages(given, usual), "proxyv2");
  const entries = contents(proxy);
  const file = (path: string, source: string, mode?: number) => {
    const expected = { kind: "file", path, source, ...(mode === undefined ? {} : { mode }) };
    assert.deepEqual(entries.get(path), expected);
  };
  file("usr/local/bin/pilot-agent", given.pilotAgent, 0o755);
  file("usr/local/bin/envoy", given.envoy, 0o755);
  file("var/lib/istio/envoy/envoy_bootstrap_tmpl.json", given.envoyBootstrap);
  const binary = "usr/sbin/xtables-nft-multi";
  file(binary, join(given.iptablesRoot, binary), 0o755);
  const extension = `usr/lib/${triplet}/xtables/libxt_owner.so`;
  file(extension, join(given.iptablesRoot, extension));
  file(standard.slice(1), join(libraries, "libstdc++.so.6"), 0o755);
  for (const path of ["etc/istio/proxy", "var/lib/istio/data"]) {
    assert.deepEqual(entries.get(path), { kind: "folder", path, owner: 1337 });
  }
  assert.deepEqual(
    [...entries.values()].flatMap((entry) =>
      entry.kind === "link" ? [[entry.path, entry.target]] : [],
    ),
    ["iptables", "ip6tables"].flatMap((program) =>
      ["", "-save", "-restore", "-nft", "-nft-save", "-nft-restore"].map((name) => [
        `usr/sbin/${program}${name}`,
        "xtables-nft-multi",
      ]),
    ),
  );
});

test("everything that is missing is named at once, with its path", async () => {
  const given = inputs();
  const missing = {
    ...given,
    pilotAgent: "/nowhere/pilot-agent",
    envoy: "/nowhere/envoy",
    iptablesRoot: "/nowhere",
  };
  await assert.rejects(
    sandboxImages(missing, usual),
    new UserError(
      "cannot write the images: missing pilot-agent (/nowhere/pilot-agent), Envoy (/nowhere/envoy), iptables (/nowhere/usr/sbin/xtables-nft-multi). Build the toolchain again: npm run sandbox.",
    ),
  );
});

const isRoot = process.getuid?.() === 0;
test(
  "a Bookinfo image's program runs with nothing but what is in the image",
  { skip: isRoot ? false : "changing the root folder needs root" },
  async (context) => {
    const images = await made;
    const { archive } = await writeImages(temporaryFolder(), [image(images, "reviews-v3")]);
    const { images: read, blobs } = await readImages(archive);
    const root = temporaryFolder();
    chmodSync(root, 0o755);
    for (const digest of read[0]?.layers ?? []) {
      execFileSync("tar", ["-xpf", "-", "-C", root], { input: blobs.get(digest) });
    }
    const { Env: environment = [], Entrypoint: command = [] } = image(
      images,
      "reviews-v3",
    ).configuration;
    const child = spawn("chroot", ["--userspec=1000:1000", root, ...command], {
      env: {
        ...Object.fromEntries(
          environment.map((variable): [string, string] => {
            const [name = "", value = ""] = variable.split("=", 2);
            return [name, value];
          }),
        ),
        PORT: "0",
        BIND_ADDRESS: "127.0.0.1",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    context.after(() => child.kill("SIGKILL"));
    const signal = AbortSignal.timeout(10_000);
    const lines = createInterface({ input: child.stdout });
    const first: unknown[] = await Promise.race([
      once(lines, "line", { signal }),
      once(lines, "close", { signal }),
    ]);
    assert.match(String(first[0]), /^reviews v3 listens on port \d+$/);
    assert.match(readFileSync(`/proc/${child.pid ?? ""}/status`, "utf8"), /^Uid:\t1000\t1000\t/m);
    const closed = once(child, "close", { signal });
    child.kill("SIGTERM");
    assert.deepEqual(await closed, [0, null]);
    assert(readdirSync(root).includes("opt"));
  },
);

/** A login's tools; OAuth2-Proxy is static, Redis has libraries. */
function loginTools() {
  const redisRoot = temporaryFolder();
  mkdirSync(join(redisRoot, "usr/bin"), { recursive: true });
  symlinkSync(node, join(redisRoot, "usr/bin/redis-check-rdb"));
  const oauth2Proxy = join(redisRoot, "oauth2-proxy");
  writeFileSync(oauth2Proxy, "oauth2-proxy");
  return { oauth2Proxy, redisRoot };
}

test("a login at the gateway adds its two images under the names that the stack has for them", async () => {
  const images = ["localhost/proxy:1.0.0", "localhost/redis:1.0.0"] as const;
  const login = loginSettings.parse({ at: "gateway", image: images[0], redisImage: images[1] });
  const imagesOf = (names: ImageNames) =>
    sandboxImages({ ...inputs(), login: loginTools() }, names);
  const named = (some: readonly ImageSpecification[]) => some.map(({ reference }) => reference);
  const all = await imagesOf({ ...usual, logins: [login] });
  assert.deepEqual(named(all), [...named(await imagesOf(usual)), ...images]);
  const paths = image(all, images[1])
    .layers.flat()
    .map(({ path }) => path);
  assert.ok(paths.includes("usr/bin/redis-server"), paths.join());
  assert.deepEqual(image(all, images[0]).configuration.Entrypoint, ["/bin/oauth2-proxy"]);
});

test("a login in the application is productpage's image under another name", async () => {
  const login = loginSettings.parse({ at: "application", image: "localhost/page:1.0.0" });
  const images = await sandboxImages(inputs(), { ...usual, logins: [login] });
  const references = images.map(({ reference }) => reference);
  const before = (await made).map(({ reference }) => reference);
  assert.deepEqual(references, [...before, "localhost/page:1.0.0"]);
  assert.deepEqual(image(images, "localhost/page:1.0.0").configuration.Entrypoint, [
    "/usr/local/bin/node",
    "/opt/bookinfo/productpage.js",
  ]);
});
