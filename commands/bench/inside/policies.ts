/** Removes the policies of some namespaces for a while, and restores them. */
import { z } from "zod";
import { UserError } from "../../../lib/errors";
import { run } from "../../../lib/processes";

const kinds = "authorizationpolicies.security.istio.io,requestauthentications.security.istio.io";

const properties = z.record(z.string(), z.json());
const listSchema = z.object({
  items: z.array(
    z.object({
      apiVersion: z.string(),
      kind: z.string(),
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        labels: properties.optional(),
        annotations: properties.optional(),
      }),
      spec: properties,
    }),
  ),
});

/** The policies of some namespaces, as they were when they were read. */
export class Policies {
  private constructor(
    private readonly namespaces: readonly string[],
    private readonly list: string,
  ) {}

  /** @throws UserError when one of them has none: there is nothing to compare with then */
  static async read(namespaces: readonly string[]): Promise<Policies> {
    const found = await Promise.all(namespaces.map(policiesOf));
    const list = { apiVersion: "v1", kind: "List", items: found.flat() };
    return new Policies(namespaces, JSON.stringify(list));
  }

  async remove(): Promise<void> {
    for (const namespace of this.namespaces)
      await run("kubectl", ["delete", kinds, "--namespace", namespace, "--all"]);
  }

  async restore(): Promise<void> {
    await run("kubectl", ["apply", "--filename", "-"], { input: this.list });
  }
}

async function policiesOf(namespace: string) {
  const found = await run("kubectl", ["get", kinds, "--namespace", namespace, "--output=json"]);
  // Without fields that the server adds: with its version the objects would be refused.
  const { items } = listSchema.parse(JSON.parse(found));
  if (items.length === 0) throw new UserError(`${namespace} has no policies`);
  return items;
}
