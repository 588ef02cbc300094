import { certificateOf, fingerprintsOf, type SigningKey } from "../keys";
import { badRequest, existing } from "./errors";
import { type Call, created, ok, type Operation, part } from "./operation";

export const signingKeyOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/keys/signing",
    scope: "read:signing_keys",
    run: ({ tenant }) => ok(tenant.keys.all.map(describe)),
  },
  {
    method: "GET",
    path: "/keys/signing/:kid",
    scope: "read:signing_keys",
    run: (call) => ok(describe(find(call))),
  },
  {
    method: "POST",
    path: "/keys/signing/rotate",
    scope: "create:signing_keys",
    run: async ({ tenant }) => created(identify(await tenant.keys.rotate())),
  },
  {
    method: "PUT",
    path: "/keys/signing/:kid/revoke",
    scope: "update:signing_keys",
    run: async (call) => {
      const key = find(call);
      if (key.status !== "previous")
        throw badRequest("invalid_key_state", "Only a previous signing key can be revoked.");
      await call.tenant.keys.revoke(key);
      return ok(identify(key));
    },
  },
];

function find(call: Call): SigningKey {
  const kid = part(call, "kid");
  return existing(
    call.tenant.keys.all.find((key) => key.kid === kid),
    "signing_key",
  );
}

function identify(key: SigningKey) {
  return { kid: key.kid, cert: certificateOf(key) };
}

/** The public side of a key, as Auth0 returns it. */
function describe(key: SigningKey) {
  const { status, current_since, current_until, revoked_at } = key;
  return {
    ...identify(key),
    ...fingerprintsOf(key),
    current: status === "current",
    next: status === "next",
    previous: status === "previous",
    revoked: status === "revoked",
    current_since,
    current_until,
    revoked_at,
  };
}
