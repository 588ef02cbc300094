/** Takes the application's policies away for a while, and puts them back. */
import { z } from "zod";
import { bookinfo } from "../../components/access";
import { Failure } from "../../sandbox/failure";
import { run } from "../../sandbox/processes";

const kinds = "authorizationpolicies.security.istio.io,requestauthentications.security.istio.io";
const where = ["--namespace", bookinfo.namespace];

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

/** The application's policies, as they were when they were read. */
export class Policies {
  private constructor(private readonly list: string) {}

  /** @throws Failure when there are none: then there is nothing to compare with */
  static async read(): Promise<Policies> {
    const found = await run("kubectl", ["get", kinds, ...where, "--output=json"]);
    // What the server adds is left out: with its version the objects would not be taken again.
    const { items } = listSchema.parse(JSON.parse(found));
    if (items.length === 0) throw new Failure(`${bookinfo.namespace} has no policies`);
    return new Policies(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  }

  async remove(): Promise<void> {
    await run("kubectl", ["delete", kinds, ...where, "--all"]);
  }

  async restore(): Promise<void> {
    await run("kubectl", ["apply", "--filename", "-"], { input: this.list });
  }
}
