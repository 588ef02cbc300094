/** Each custom resource is registered under the type that a policy pack matches, with its API version and kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AuthorizationPolicy,
  Gateway,
  PeerAuthentication,
  RequestAuthentication,
  VirtualService,
} from "../../../components/mesh/resources";
import { Certificate, Issuer } from "../../../components/gateway/resources";
import { run } from "./mocks";

const classes = {
  "kubernetes:networking.istio.io/v1:Gateway": Gateway,
  "kubernetes:networking.istio.io/v1:VirtualService": VirtualService,
  "kubernetes:security.istio.io/v1:PeerAuthentication": PeerAuthentication,
  "kubernetes:security.istio.io/v1:RequestAuthentication": RequestAuthentication,
  "kubernetes:security.istio.io/v1:AuthorizationPolicy": AuthorizationPolicy,
  "kubernetes:cert-manager.io/v1:Issuer": Issuer,
  "kubernetes:cert-manager.io/v1:Certificate": Certificate,
};

for (const [type, Class] of Object.entries(classes)) {
  test(`${type} is registered under the token that a policy pack matches`, async () => {
    const metadata = { name: "object", namespace: "namespace" };
    const { registrations } = await run(
      () => new Class("resource", { metadata, spec: {} as never }),
    );
    assert.equal(Class.__pulumiType, type);
    const [, apiVersion, kind] = type.split(":");
    assert.deepEqual(
      registrations.slice(1).map((each) => [each.type, each.name, each.inputs]),
      [[type, "resource", { apiVersion, kind, metadata, spec: {} }]],
    );
  });
}
