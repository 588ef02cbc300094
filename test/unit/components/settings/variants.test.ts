/** A wrong kind hides no other mistake of its section. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { application as bookinfo } from "../../../../application";
import { settingsProblems } from "../../../../components/config";

const sections = {
  cluster: { kind: "kind" },
  identity: { kind: "auth0", domain: "a.example", clientId: "a", clientSecret: "secret" },
  gateway: { url: "http://localhost:8080" },
};
const problems = (changes: object) => settingsProblems(bookinfo, { ...sections, ...changes });

test("a cluster of an unknown kind: a key that no kind knows, and values that are wrong for every kind", () => {
  assert.deepEqual(
    problems({
      cluster: {
        kind: "digitalocan",
        token: "a token",
        regio: "fra1",
        version: "1.34",
        workers: 3,
        nodes: { cont: 3, count: 1 },
        name: "-",
      },
    }),
    [
      'cluster.kind: found "digitalocan", expected one of "existing", "kind", "digitalocean"',
      "cluster.regio: found an unknown key, expected one of kind, kubeconfig, kubeconfigPath, context, name, image, workers, apiServerPort, adopt, token, region, version, highAvailability, autoUpgrade, surgeUpgrade, maintenance, nodes, vpc, clusterSubnet, serviceSubnet, firewall, registry, destroyAssociated, protect, loadBalancer, dns",
      'cluster.name: found "-", expected a name of small letters, digits, dots and hyphens',
      'cluster.version: found "1.34", expected an exact version such as "1.34.1-do.0", or the beginning of one that ends in a dot, such as "1.34."',
      "cluster.nodes.cont: found an unknown key, expected one of size, count, minimum, maximum, labels, taints",
    ],
  );
});

test("a value that is right for one of the kinds is no mistake where the kind is not known", () => {
  const user = { email: "user@bookinfo.example", roles: ["user"], password: "as with oidc" };
  assert.deepEqual(
    problems({ identity: { users: [user], domain: "a.example", issuer: "https://a" } }),
    ['identity.kind: found nothing, expected one of "auth0", "oidc"'],
  );
});

test("an identity, an issuer and a login of unknown kinds: each mistake of each of them", () => {
  assert.deepEqual(
    problems({
      identity: { kind: "auth", domain: "https://a.example", user: [], users: [{ email: "A" }] },
      gateway: {
        url: "https://a.example",
        tls: { issuer: { kind: "letsencrypt", mail: "a@b.example", server: "http://ca.example" } },
      },
      login: { at: "gatewy", sessions: "cookies", lifetim: "1h" },
    }),
    [
      'identity.kind: found "auth", expected one of "auth0", "oidc"',
      "identity.user: found an unknown key, expected one of kind, domain, customDomain, clientId, clientSecret, certificateAuthority, audience, users, machines, issuer, jwksUri, permissionsClaim, spaceDelimited, tokenEndpoint, endSessionEndpoint, client",
      'identity.domain: found "https://a.example", expected the tenant\'s host name, without https:// and path, such as tenant.eu.auth0.com',
      'identity.users[0].email: found "A", expected an e-mail address in lower case, as the tenant keeps it',
      'gateway.tls.issuer.kind: found "letsencrypt", expected one of "selfSigned", "acme"',
      "gateway.tls.issuer.mail: found an unknown key, expected one of kind, email, server",
      'gateway.tls.issuer.server: found "http://ca.example", expected an https URL',
      'login.at: found "gatewy", expected one of "none", "gateway", "application"',
      "login.lifetim: found an unknown key, expected one of at, required, sessions, lifetime, refresh, image, redisImage",
      'login.sessions: found "cookies", expected one of "redis", "cookie"',
    ],
  );
});

test("a secret is not shown where its section's kind is not known", () => {
  const identity = { kind: "auth", clientSecret: 4711, client: { secret: ["hunter2"] } };
  const said = problems({ identity, cluster: { kind: "doks", token: 4711 } }).join("\n");
  assert.match(said, /^cluster\.token: found a number \(not shown\)/m);
  assert.match(said, /^identity\.client\.secret: found a list, expected the client's secret$/m);
  assert.ok(!/4711|hunter2/.test(said), said);
});
