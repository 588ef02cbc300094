/** Settings that repeat what a provider's own documents say. */
import { z } from "zod";
import { flag, matching, text } from "./schema";

/** A URL as it is in the provider's own document. It is shown in plain text, so it may not contain a password. */
export function providerUrl(expected: string, isGood: (url: URL) => boolean = () => true) {
  return z.url({ error: expected, protocol: /^https$/ }).refine(
    (text) => {
      const url = URL.parse(text);
      // A parser corrects what is not written as a URL; the mesh compares every character.
      const isWhole = /^https:\/\/[^\s#]+$/.test(text);
      return isWhole && url !== null && url.username + url.password === "" && isGood(url);
    },
    { error: expected },
  );
}

const claim = "a claim's name, or a list of names that leads to a nested one";
const claimName = matching(/^[^[\]\s]+$/, claim);

/** How the tokens of an existing provider are recognized. */
export const tokensOfProvider = {
  issuer: providerUrl(
    "an https URL without user name, query and fragment",
    ({ search }) => search === "",
  ).describe(
    "The `issuer` of the provider's discovery document, exactly, including a slash at its end if it has one.",
  ),

  jwksUri: providerUrl("an https URL without user name and fragment").describe(
    "The `jwks_uri` of the provider's discovery document, where its keys are.",
  ),

  audience: text("the audience of the API's tokens").describe("What the tokens' `aud` must name."),

  permissionsClaim: z
    .union([claimName.transform((name) => [name]), z.array(claimName, { error: claim }).min(1)], {
      error: claim,
    })
    .prefault("permissions")
    .describe(
      "Where a token says which permissions it holds: a claim's name, or the list of names that leads to a nested one, such as `[realm_access, roles]` for Keycloak's roles. The claim is a list; `scope`, and any claim with `spaceDelimited`, may be one text whose words are separated by spaces.",
    ),

  spaceDelimited: flag().optional().meta({
    description:
      "Whether that claim, which is not nested then, is one text whose words are separated by spaces, as Entra ID's `scp` is.",
    unset: "`false`",
  }),
};

const nested = z.looseObject({
  permissionsClaim: z.array(z.unknown()).min(2),
  spaceDelimited: z.literal(true),
});

const providers = z.looseObject({
  identity: z.unknown(),
  authentication: z.looseObject({ issuers: z.array(z.unknown()) }).catch({ issuers: [] }),
});

/** Istio separates the words of a claim that is not within another claim. */
export function checkSpaceDelimited(settings: unknown, context: z.core.$RefinementCtx): void {
  const { data } = providers.safeParse(settings);
  if (data === undefined) return;
  const found: readonly (readonly [readonly (string | number)[], unknown])[] = [
    [["identity"], data.identity],
    ...data.authentication.issuers.map(
      (issuer, index) => [["authentication", "issuers", index], issuer] as const,
    ),
  ];
  for (const [path, provider] of found) {
    if (!nested.safeParse(provider).success) continue;
    context.addIssue({
      code: "custom",
      path: [...path, "spaceDelimited"],
      input: true,
      message:
        "false or nothing, as permissionsClaim is nested: Istio separates the words of outer claims only",
    });
  }
}
