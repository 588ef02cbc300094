import { z } from "zod";
import { resourceRule } from "../rule";

/** https://www.pulumi.com/docs/iac/concepts/resources/providers/#default-and-explicit-providers */
export const explicitProvider = resourceRule({
  name: "explicit-provider",
  description: "Resources are made by a provider that the program makes, never by a default one.",
  severity: "high",
  remediation:
    "Give the resource, or the component that it is in, the provider: { provider } or { providers: [provider] }. A default provider takes whichever cluster or account the shell of the day has.",
  settings: z.object({
    packages: z
      .array(z.string())
      .default(["auth0", "digitalocean", "kubernetes"])
      .describe("The packages whose resources have to name their provider"),
    providers: z
      .array(z.string())
      .default([])
      .describe("The names of the only providers that may be used; none: any that is named"),
  }),
  judge({ type, provider }, { packages, providers }) {
    const [name = ""] = type.split(":");
    if (!packages.includes(name)) return [];
    if (provider === undefined && components.test(type)) return [];
    if (provider === undefined || /^default(_|$)/.test(provider)) {
      const found = `it is made by the default provider of ${name}`;
      return [{ found, write: "{ provider } among its options, or its component's" }];
    }
    if (providers.length === 0 || providers.includes(provider)) return [];
    const allowed = providers.join(" or ");
    return [{ found: `it is made by provider ${provider}`, write: `the provider ${allowed}` }];
  },
});

/** Components of a package: only the resources that they make have a provider, and are judged by it. */
const components =
  /^kubernetes:(helm\.sh\/v\d+:Chart|kustomize(\/v\d+)?:Directory|yaml(\/v\d+)?:Config(File|Group))$/;
