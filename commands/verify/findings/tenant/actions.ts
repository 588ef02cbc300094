/** Code at a tenant that runs before a token is issued. The stack has none. */
import { z } from "zod";
import type { Finding } from "../finding";
import { named, type Reading } from "./reading";

/** When it runs: when a user signs in, and when a machine gets its token. */
const triggers = ["post-login", "credentials-exchange"];

const bindings = z.array(
  z.looseObject({
    display_name: z.string().optional(),
    action: z.looseObject({ name: z.string().optional() }).optional(),
  }),
);

export async function actionFindings({ api }: Reading): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const trigger of triggers) {
    const answer = await api.get(`actions/triggers/${trigger}/bindings`);
    for (const { action, display_name: name } of bindings.parse(answer?.bindings ?? []))
      found.push({
        object: `Action ${named(action?.name ?? name)} of the tenant`,
        opens: `it runs at ${trigger}, and changes what tokens say`,
        undo: `take it from the trigger ${trigger} in the tenant's dashboard (Actions, Triggers)`,
      });
  }
  return found;
}
