/** The settings of the Bookinfo program and their page, with an example that the schema accepts. */
import { parse } from "yaml";
import { z } from "zod";
import { application as bookinfo } from "../../../../../application";
import { secretSettings, settingsSchema } from "../../../../../components/settings";
import { sectionsOf, settingsPage } from "./page";

export const sections = () => sectionsOf(settingsSchema(bookinfo));

export const example = `config:
  istio-auth0:cluster:
    kind: kind
  istio-auth0:mesh:
    highAvailability: true
  istio-auth0:identity:
    kind: auth0
    domain: tenant.eu.auth0.com
    clientId: CLIENT_ID
    clientSecret:
      secure: … # by: pulumi config set --path --secret identity.clientSecret
    users:
      - email: ada@example.com
        roles: [moderator]
    machines:
      - name: reporting
        permissions: [read:book-details]
  istio-auth0:gateway:
    url: http://localhost:8080
  istio-auth0:login:
    at: gateway
    lifetime: 8h
`;

/** The example's settings, as Pulumi hands them over: a secret is its text. */
export function exampleSettings(): Record<string, unknown> {
  const text = example.replace(/\n +secure: .*/, " management-secret");
  const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(parse(text));
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("istio-auth0:", ""), value]),
  );
}

export const page = () => settingsPage(sections(), secretSettings, example);
