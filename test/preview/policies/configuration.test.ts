import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { bookinfo } from "../../../components/access";
import { resourceRule } from "../../../policies/rule";
import { rules } from "../../../policies/rules";
import { issuerSettings, tableSettings } from "../../../policies/table";
import { previewConfiguration, stacksOf } from "../../../preview/configuration";
import { readChoice } from "../../../preview/policies/choice";
import {
  crossGuardConfiguration,
  packConfiguration,
} from "../../../preview/policies/configuration";
import { derivedSettings } from "../../../preview/policies/derived";
import { root } from "../command";

const tenant = {
  issuer: "https://bookinfo.eu.auth0.com/",
  jwksUri: "https://bookinfo.eu.auth0.com/.well-known/jwks.json",
  audience: "https://bookinfo.io",
  permissionsClaim: ["permissions"],
};

const settingsOf = (stack: string) =>
  previewConfiguration({ folder: root, application: bookinfo }, stack).settings;

test("the table and the issuers follow from the program's own, by the namespace's service accounts", () => {
  const reviewed = "bookinfo/bookinfo-productpage";
  assert.deepEqual(derivedSettings(bookinfo, settingsOf("prod")), {
    issuers: [tenant],
    rootNamespace: "istio-system",
    table: {
      namespace: "bookinfo",
      issuers: [tenant],
      services: {
        productpage: { callers: ["istio-ingress/istio-ingress"], requires: "public" },
        details: { callers: [reviewed], requires: { permission: "read:book-details" } },
        reviews: { callers: [reviewed], requires: { permission: "read:book-reviews" } },
        ratings: {
          callers: ["bookinfo/bookinfo-reviews"],
          requires: { permission: "read:book-reviews" },
        },
      },
    },
  });
});

test("another provider's issuer, audience and claim are as the stack has them", () => {
  const { issuers } = derivedSettings(bookinfo, {
    identity: {
      kind: "oidc",
      issuer: "https://id.example",
      jwksUri: "https://id.example/keys",
      audience: "books",
      permissionsClaim: ["realm_access", "roles"],
      users: [],
      machines: [],
    },
  });
  assert.deepEqual(issuers, [
    {
      issuer: "https://id.example",
      jwksUri: "https://id.example/keys",
      audience: "books",
      permissionsClaim: ["realm_access", "roles"],
    },
  ]);
});

const ruleOf = (name: string, settings: z.ZodObject) =>
  resourceRule({
    name,
    description: "…",
    severity: "low",
    remediation: "…",
    settings,
    judge: () => [],
  });

const pack = [
  ruleOf("issuers", z.object({ issuers: z.array(issuerSettings) })),
  ruleOf("table", z.object({ table: tableSettings, rootNamespace: z.string() })),
  ruleOf("neither", z.object({ minimum: z.number().default(1) })),
];

test("only a rule that has such a setting is given it, and what the stack chooses counts more", () => {
  const settings = settingsOf("prod");
  const { issuers, table } = derivedSettings(bookinfo, settings);
  const choice = {
    table: { level: "advisory", settings: { rootNamespace: "mesh" } },
    neither: { level: "disabled", settings: {} },
  } as const;
  const configuration = packConfiguration(pack, bookinfo, settings, choice);
  assert.deepEqual(configuration, {
    issuers: { level: "mandatory", settings: { issuers } },
    table: { level: "advisory", settings: { table, rootNamespace: "mesh" } },
    neither: { level: "disabled", settings: {} },
  });
  assert.deepEqual(JSON.parse(crossGuardConfiguration(configuration)), {
    issuers: { enforcementLevel: "mandatory", issuers },
    table: { enforcementLevel: "advisory", table, rootNamespace: "mesh" },
    neither: { enforcementLevel: "disabled" },
  });
});

const levels = { dev: "advisory", prod: "mandatory", sandbox: "mandatory" } as const;

for (const stack of stacksOf(root)) {
  test(`stack ${stack}'s file is without mistake, and every rule has all that it asks for`, () => {
    const { choice, problems } = readChoice(root, stack, rules);
    assert.deepEqual(problems, []);
    const configuration = packConfiguration(rules, bookinfo, settingsOf(stack), choice);
    for (const { name, settings } of rules) {
      const own = configuration[name];
      assert.equal(own?.level, levels[stack as keyof typeof levels], name);
      assert.deepEqual(settings.strict().safeParse(own.settings).error?.issues ?? [], [], name);
    }
  });
}
