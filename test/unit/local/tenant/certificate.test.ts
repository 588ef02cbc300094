/** The tenant's authority signs its certificate, which is renewed where a name is missing or the authority is new. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { certificateAuthority, serverIdentity } from "../../../../local/tenant/certificate";
import { temporaryDirectory } from "./support";

describe("the tenant's certificates", () => {
  let directory = "";
  before(async () => {
    directory = join(await temporaryDirectory(), "state");
  });
  after(() => rm(join(directory, ".."), { recursive: true }));

  test("a private authority signs a server certificate for the host, localhost and 127.0.0.1", async () => {
    const authority = new X509Certificate(
      await certificateAuthority(directory, ["tenant.localhost"]),
    );
    assert.equal(authority.ca, true);
    assert.equal(authority.verify(authority.publicKey), true);
    const { certificate } = await serverIdentity(directory, ["tenant.localhost"]);
    const server = new X509Certificate(certificate);
    assert.equal(server.ca, false);
    assert.equal(server.checkIssued(authority), true);
    assert.equal(server.verify(authority.publicKey), true);
    assert.equal(
      server.subjectAltName,
      "DNS:tenant.localhost, DNS:localhost, IP Address:127.0.0.1",
    );
    assert.ok(Date.parse(server.validTo) < Date.now() + 398 * 24 * 60 * 60 * 1000);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    for (const file of ["ca.key", "server.key"])
      assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600);
  });

  test("both stay as they are; another host gets a certificate of the same authority", async () => {
    const authority = await certificateAuthority(directory, ["tenant.localhost"]);
    const first = await serverIdentity(directory, ["tenant.localhost"]);
    assert.deepEqual(await serverIdentity(directory, ["tenant.localhost"]), first);
    const second = await serverIdentity(directory, ["other.localhost"]);
    assert.notEqual(second.certificate, first.certificate);
    assert.equal(await certificateAuthority(directory, ["other.localhost"]), authority);
    const server = new X509Certificate(second.certificate);
    assert.equal(server.verify(new X509Certificate(authority).publicKey), true);
  });

  test("a certificate has every name, and one that lacks a name is made anew", async () => {
    const names = ["tenant.localhost", "login.localhost"];
    const one = await serverIdentity(directory, names.slice(0, 1));
    const both = await serverIdentity(directory, names);
    assert.notEqual(both.certificate, one.certificate);
    assert.equal(
      new X509Certificate(both.certificate).subjectAltName,
      "DNS:tenant.localhost, DNS:login.localhost, DNS:localhost, IP Address:127.0.0.1",
    );
    for (const some of [names, names.slice(1)])
      assert.deepEqual(await serverIdentity(directory, some), both);
  });

  test("a new authority, and with it a new server certificate, where the old key is lost", async () => {
    const authority = await certificateAuthority(directory, ["other.localhost"]);
    await rm(join(directory, "ca.key"));
    const renewed = await certificateAuthority(directory, ["other.localhost"]);
    assert.notEqual(renewed, authority);
    const { certificate } = await serverIdentity(directory, ["other.localhost"]);
    const server = new X509Certificate(certificate);
    assert.equal(server.verify(new X509Certificate(renewed).publicKey), true);
  });
});
