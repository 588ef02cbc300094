/** Takes the policies of some namespaces away for a while, and puts them back. */
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

  /** @throws UserError when there are none in one of them: then there is nothing to compare with */
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
  // What the server adds is left out: with its version the objects would not be taken again.
  const { items } = listSchema.parse(JSON.parse(found));
  if (items.length === 0) throw new UserError(`${namespace} has no policies`);
  return items;
}
