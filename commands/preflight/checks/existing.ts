import { X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import {
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  V1ResourceAttributes,
  type V1Secret,
  V1SelfSubjectAccessReview,
  V1SelfSubjectAccessReviewSpec,
  VersionApi,
} from "@kubernetes/client-node";
import type { ClusterSettings, GatewaySettings } from "../../../components/config";
import { namespaces } from "../../../components/names";
import { explained } from "../../stack/cluster";
import { UserError, firstLine, reasonOf } from "../../../lib/errors";
import { type Check, failed, notTried, ok, once, type Outcome } from "../check";
import { rememberCredentials, type Stack, textOf } from "../stack";
import { judgePresent } from "./present";

type ExistingSettings = Extract<ClusterSettings, { kind: "existing" }>;

/** The cluster answers with these credentials, allows what the stack makes, and has the gateway's certificate. */
export function existingChecks(
  cluster: ExistingSettings,
  gateway: GatewaySettings,
  stack: Stack,
): Check[] {
  const api = once(async (): Promise<KubeConfig | Outcome> => {
    const lost = stack.missing.get("cluster.kubeconfig");
    if (lost !== undefined) return notTried(lost.found, lost.advice);
    const content = await textOf(cluster.kubeconfig);
    rememberCredentials(stack.secrets, content);
    return clusterOf(content, cluster.context);
  });
  const version = once(async (signal): Promise<string | Outcome> => {
    const config = await api(signal);
    return "state" in config ? config : versionOf(config, cluster.server);
  });
  const reached =
    (judge: (config: KubeConfig) => Promise<Outcome>) =>
    async (signal: AbortSignal): Promise<Outcome> => {
      const [config, found] = [await api(signal), await version(signal)];
      return "state" in config || typeof found !== "string"
        ? notTried("the API server has not answered", "See above.")
        : judge(config);
    };
  const { secret } = gateway.tls ?? {};
  return [
    {
      name: "API server",
      run: async (signal) => {
        const found = await version(signal);
        return typeof found === "string"
          ? ok(`${cluster.server} answers: Kubernetes ${found}`)
          : found;
      },
    },
    { name: "cluster permissions", run: reached(judgePermissions) },
    {
      name: "what is there already",
      run: reached((config) => judgePresent(config, namespacesOf(stack))),
    },
    ...(secret === undefined
      ? []
      : [
          {
            name: "gateway's certificate",
            run: reached((config) => judgeCertificate(config, secret, gateway.url, stack)),
          },
        ]),
  ];
}

/** The namespaces that the stack makes. */
function namespacesOf({ application, settings: { gateway, login } }: Stack): readonly string[] {
  return [
    namespaces.mesh,
    namespaces.ingress,
    application.namespace,
    ...(login.at === "gateway" ? [namespaces.login] : []),
    ...(gateway.tls?.issuer === undefined ? [] : [namespaces.certificates]),
  ];
}

function clusterOf(content: string, context: string | undefined): KubeConfig | Outcome {
  const config = new KubeConfig();
  try {
    config.loadFromString(content);
    if (context !== undefined) config.setCurrentContext(context);
    if (config.getCurrentUser() !== null) return config;
  } catch {
    // The parser's message quotes the file.
  }
  return failed(
    "the kubeconfig lacks a user for its context",
    "Give it one that may make namespaces.",
  );
}

async function versionOf(config: KubeConfig, server: string): Promise<string | Outcome> {
  try {
    const { gitVersion } = await explained("ask for its version", () =>
      config.makeApiClient(VersionApi).getCode(),
    );
    return gitVersion;
  } catch (error) {
    const reason = firstLine(reasonOf(error)).replace("cannot ask for its version: ", "");
    const found = `(${reason})`;
    if (/^40[13]\b/.test(reason))
      return failed(
        `${server} refuses the credentials ${found}`,
        "Get new credentials, and set cluster.kubeconfig again.",
      );
    if (/^\d{3}\b/.test(reason))
      return failed(
        `${server} does not answer as an API server does ${found}`,
        "Check the kubeconfig's server.",
      );
    return failed(
      `${server} cannot be reached ${found}`,
      "Is it up, and does the kubeconfig reach it from here?",
    );
  }
}

/** The resources of the stack that need special rights. */
const rights = [
  { group: "", resource: "namespaces" },
  { group: "rbac.authorization.k8s.io", resource: "clusterroles" },
  { group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
  { group: "apiextensions.k8s.io", resource: "customresourcedefinitions" },
  { group: "admissionregistration.k8s.io", resource: "mutatingwebhookconfigurations" },
  { group: "admissionregistration.k8s.io", resource: "validatingwebhookconfigurations" },
  { group: "admissionregistration.k8s.io", resource: "validatingadmissionpolicies" },
  { group: "admissionregistration.k8s.io", resource: "validatingadmissionpolicybindings" },
] as const;

function question(group: string, resource: string): V1SelfSubjectAccessReview {
  const resourceAttributes = Object.assign(new V1ResourceAttributes(), {
    verb: "create",
    group,
    resource,
  });
  const spec = Object.assign(new V1SelfSubjectAccessReviewSpec(), { resourceAttributes });
  return Object.assign(new V1SelfSubjectAccessReview(), { spec });
}

async function judgePermissions(config: KubeConfig): Promise<Outcome> {
  const api = config.makeApiClient(AuthorizationV1Api);
  const answers = await Promise.all(
    rights.map(({ group, resource }) =>
      explained(`ask whether it may create ${resource}`, () =>
        api.createSelfSubjectAccessReview({ body: question(group, resource) }),
      ),
    ),
  ).catch((error: unknown) =>
    failed(firstLine(reasonOf(error)), "Give the kubeconfig's user the role cluster-admin."),
  );
  if ("state" in answers) return answers;
  const lost = rights.filter((_, index) => answers[index]?.status?.allowed !== true);
  if (lost.length === 0)
    return ok(`may create ${rights.map(({ resource }) => resource).join(", ")}`);
  return failed(
    `may not create ${lost.map(({ resource }) => resource).join(", ")}`,
    "Give the kubeconfig's user the role cluster-admin.",
  );
}

async function judgeCertificate(
  config: KubeConfig,
  setting: string,
  url: string,
  { secrets }: Stack,
): Promise<Outcome> {
  const [namespace = "", name = ""] = setting.split("/");
  const api = config.makeApiClient(CoreV1Api);
  const make = `Make it: kubectl create secret tls ${name} -n ${namespace} --cert=FILE --key=FILE.`;
  let found: V1Secret;
  try {
    found = await api.readNamespacedSecret({ namespace, name });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404)
      return failed(`there is no Secret ${setting} (gateway.tls.secret)`, make);
    const said = await explained(`read the Secret ${setting}`, () =>
      Promise.reject(error as Error),
    ).catch((reason: unknown) => reasonOf(reason));
    return failed(said, "Let the kubeconfig's user read it.");
  }
  const [certificate, key] = ["tls.crt", "tls.key"].map((field) =>
    Buffer.from(found.data?.[field] ?? "", "base64").toString("utf8"),
  );
  if (!certificate || !key) {
    const lost = [...(certificate ? [] : ["tls.crt"]), ...(key ? [] : ["tls.key"])];
    return failed(`the Secret ${setting} has no ${lost.join(" and no ")}`, make);
  }
  secrets.add(key);
  try {
    return judgePair(certificate, key, setting, new URL(url).hostname);
  } catch (error) {
    if (error instanceof UserError) return failed(error.message, make);
    throw error;
  }
}

/** How long before its end a certificate's date is pointed out, in milliseconds. */
const soon = 14 * 24 * 60 * 60 * 1000;

function judgePair(pem: string, key: string, setting: string, host: string): Outcome {
  const certificate = readPem("tls.crt", setting, () => new X509Certificate(pem));
  const privateKey = readPem("tls.key", setting, () => createPrivateKey(key));
  const replace = `Put a certificate for ${host} into ${setting}.`;
  if (!certificate.checkPrivateKey(privateKey))
    return failed(`tls.key of ${setting} is not the key of its tls.crt`, replace);
  if ((isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) === undefined)
    return failed(
      `the certificate of ${setting} is for ${certificate.subjectAltName ?? "no host"}, not for ${host}`,
      replace,
    );
  const until = certificate.validToDate;
  const date = until.toISOString().slice(0, 10);
  if (until.getTime() <= Date.now())
    return failed(`the certificate of ${setting} has expired (${date})`, replace);
  if (certificate.validFromDate.getTime() > Date.now())
    return failed(`the certificate of ${setting} is not valid yet`, replace);
  const hurry = until.getTime() - Date.now() < soon ? ", which is soon" : "";
  return ok(`${setting} is for ${host}, until ${date}${hurry}`);
}

function readPem<Value>(field: string, setting: string, read: () => Value): Value {
  try {
    return read();
  } catch {
    throw new UserError(`${field} of ${setting} is not PEM that can be read`);
  }
}
