import { z } from "zod";
import type { ClusterSettings } from "../../../components/config";
import { type Check, failed, notTried, ok, once, type Outcome } from "../check";
import { type Answer, jsonOf, send, Unreachable } from "../http";
import { type Stack, textOf } from "../stack";

type DigitalOceanSettings = Extract<ClusterSettings, { kind: "digitalocean" }>;

/** Where DigitalOcean's API is. */
export const digitalOceanApi = "https://api.digitalocean.com";

const options = z.object({
  options: z.object({
    regions: z.array(z.object({ slug: z.string() })),
    sizes: z.array(z.object({ slug: z.string() })),
    versions: z.array(z.object({ slug: z.string() })),
  }),
});
type Offers = z.output<typeof options>["options"];

/** A setting whose value has to be one that DigitalOcean offers. */
interface Choice {
  readonly name: string;
  readonly setting: string;
  readonly value: string;
  readonly offers: keyof Offers;
  readonly matches: (slug: string) => boolean;
}

/** The account accepts the token, and has the region, the size and the version. */
export function digitalOceanChecks(
  cluster: DigitalOceanSettings,
  stack: Stack,
  api = digitalOceanApi,
): Check[] {
  const { region, version, nodes } = cluster;
  const equals = (value: string) => (slug: string) => slug === value;
  const choices: readonly Choice[] = [
    {
      name: "region",
      setting: "cluster.region",
      value: region,
      offers: "regions",
      matches: equals(region),
    },
    {
      name: "node size",
      setting: "cluster.nodes.size",
      value: nodes.size,
      offers: "sizes",
      matches: equals(nodes.size),
    },
    {
      name: "Kubernetes version",
      setting: "cluster.version",
      value: version,
      offers: "versions",
      // "1.34." is any release of that line.
      matches: version.endsWith(".") ? (slug) => slug.startsWith(version) : equals(version),
    },
  ];
  const ask = async (path: string, signal: AbortSignal): Promise<Answer | Outcome> => {
    const lost = stack.missing.get("cluster.token");
    if (lost !== undefined) return notTried(lost.found, lost.advice);
    const authorization = `Bearer ${await textOf(cluster.token)}`;
    try {
      return await send(`${api}${path}`, { headers: { authorization }, signal });
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return failed(
        `${api} cannot be reached (${error.message})`,
        "Check the network and try again.",
      );
    }
  };
  const offered = once(async (signal): Promise<Offers | Outcome> => {
    const answer = await ask("/v2/kubernetes/options", signal);
    if ("state" in answer) return answer;
    const { data } = options.safeParse(answer.status === 200 ? jsonOf(answer) : undefined);
    return (
      data?.options ??
      failed(
        `${api}/v2/kubernetes/options answers with status ${answer.status}`,
        "Check cluster.token.",
      )
    );
  });
  return [
    {
      name: "DigitalOcean token",
      run: async (signal) => judgeAccount(await ask("/v2/account", signal), stack),
    },
    ...choices.map((choice) => ({
      name: choice.name,
      run: async (signal: AbortSignal) => judgeChoice(choice, await offered(signal)),
    })),
  ];
}

const account = z.object({ account: z.object({ status: z.string() }) });

function judgeAccount(answer: Answer | Outcome, { name }: Stack): Outcome {
  if ("state" in answer) return answer;
  const { data } = account.safeParse(jsonOf(answer));
  if (answer.status === 200 && data?.account.status === "active")
    return ok("DigitalOcean accepts it, and the account is active");
  if (answer.status === 200)
    return failed(
      `DigitalOcean accepts it, but the account is ${data?.account.status ?? "of unknown status"}`,
      "See DigitalOcean's control panel.",
    );
  if (answer.status === 403)
    return notTried(
      "DigitalOcean accepts it, but it may not read the account",
      "Give it the scope account:read, or ignore this.",
    );
  return failed(
    `DigitalOcean refuses it (status ${answer.status})`,
    `Make one that may read and write, and set it: pulumi config set --secret --path cluster.token --stack ${name}.`,
  );
}

function judgeChoice(
  { setting, value, offers, matches }: Choice,
  found: Offers | Outcome,
): Outcome {
  // The settings' own checks have checked the form.
  if ("state" in found)
    return notTried(
      `${value} has the right form, and was not looked up`,
      "See the DigitalOcean token.",
    );
  const slugs = found[offers].map(({ slug }) => slug);
  const match = slugs.find(matches);
  if (match !== undefined) return ok(match === value ? value : `"${value}" is ${match} today`);
  return failed(
    `DigitalOcean has no "${value}"`,
    `Set ${setting} to one of ${slugs.sort().join(", ")}.`,
  );
}
