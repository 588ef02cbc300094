/** The commands that a user would type, in this order; each ends when what it makes is ready. */
import { application } from "../../../application";
import { run } from "../../../lib/processes";
import type { Manifest, Plan, Release } from "./plan";

/** How long Helm and kubectl wait. */
const timeout = "300s";

/** `helm install --wait`, or `helm upgrade --wait`, of each release in turn. */
export async function runHelm(
  command: "install" | "upgrade",
  releases: readonly Release[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  for (const { name, namespace, chart, version, repositoryOpts, values } of releases) {
    const source = [
      ...(version === undefined ? [] : ["--version", version]),
      ...(repositoryOpts === undefined ? [] : ["--repo", repositoryOpts.repo]),
    ];
    const target = [command, name, chart, "--namespace", namespace, ...source];
    await run("helm", [...target, "--values", "-", "--wait", "--timeout", timeout], {
      env,
      input: JSON.stringify(values),
    });
  }
}

/** One `kubectl apply` of all of them. */
export async function applyAll(items: readonly Manifest[], env: NodeJS.ProcessEnv): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items };
  await run("kubectl", ["apply", "--filename", "-"], { env, input: JSON.stringify(list) });
}

/** The policies, the services, and the wait until every Deployment is available. */
export async function applyApplication(
  { policies, services }: Plan,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await applyAll(policies, env);
  await applyAll(services, env);
  const where = ["--namespace", application.namespace, "--timeout", timeout];
  await run("kubectl", ["wait", "--for=condition=Available", "deployment", "--all", ...where], {
    env,
  });
}
