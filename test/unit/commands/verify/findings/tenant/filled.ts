/** A tenant of the sandbox's with what the program makes in it. */
import * as pulumi from "@pulumi/pulumi";
import { makeTenantObjects, withIds } from "../../../../../../commands/bench/baseline/tenant";
import type { TenantObject } from "../../../../../../commands/bench/baseline/plan";
import type { Application } from "../../../../../../components/application";
import type { LoginPlace } from "../../../../../../components/identity";
import { Auth0Identity } from "../../../../../../components/identity/auth0";
import type { TenantAccess } from "../../../../../../components/identity/identity";
import type { TenantOutputs } from "../../../../../../commands/verify/findings/tenant/reading";
import { read, run } from "../../../../components/mocks";
import { management, TestTenant } from "../../../../local/tenant/support";

/** The mock engine's passwords are too weak for the tenant. */
const password = "Quite-good-1";

export interface FilledTenant {
  readonly tenant: TestTenant;
  readonly outputs: TenantOutputs & { readonly tenant: TenantAccess };
}

export const viewers: TenantOutputs["viewers"] = {
  users: [
    { email: "nobody@bookinfo.example", roles: [] },
    { email: "user@bookinfo.example", roles: ["user"] },
    { email: "moderator@bookinfo.example", roles: ["moderator"] },
  ],
  machines: [
    { name: "catalogue", permissions: ["read:book-details"] },
    { name: "reporting", permissions: ["read:book-details", "read:book-reviews"] },
  ],
};

/** Who the stack makes. */
export interface Filling extends Pick<TenantOutputs, "viewers"> {
  readonly application: Application;
  readonly login: LoginPlace;
}

/** Has the program register its resources, and makes them by the sandbox's plug-in. */
export async function fill({ application, viewers, login }: Filling): Promise<FilledTenant> {
  const tenant = await TestTenant.start();
  const gatewayUrl = "http://localhost:8080";
  const { result, registrations } = await run(
    () =>
      new Auth0Identity("identity", {
        application,
        domain: tenant.domain,
        clientId: management.clientId,
        clientSecret: pulumi.secret(management.clientSecret),
        audience: application.audience,
        ...viewers,
        gatewayUrl,
        login,
      }),
  );
  const objects = registrations
    .filter(({ type }) => type.startsWith("auth0:index/"))
    .map(({ type, name, inputs }): TenantObject => ({
      type,
      id: `${name}-id`,
      inputs: { ...(inputs as TenantObject["inputs"]), ...(isUser(type) && { password }) },
    }));
  const ids = await makeTenantObjects({ domain: tenant.domain, ...management }, objects);
  const clientIds = withIds(
    { ...((await read(pulumi.output(result.clientIds))).value as object) },
    ids,
  );
  return {
    tenant,
    outputs: {
      audience: application.audience,
      authentication: { at: "namespace", required: false, clients: "listed", issuers: [] },
      clientIds: clientIds as TenantOutputs["clientIds"],
      gatewayUrl,
      issuer: tenant.issuer,
      viewers,
      tenant: { domain: tenant.domain, ...management },
      ...loginOf(login),
    },
  };
}

const isUser = (type: string) => type === "auth0:index/user:User";

function loginOf(at: LoginPlace): Pick<TenantOutputs, "login"> {
  if (at === "none") return {};
  return { login: at === "gateway" ? { at, required: false, sessions: "redis" } : { at } };
}
