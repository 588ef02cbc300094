/** The gateway and its route together answer for the URL's own host, and for no other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorityMatch, gatewayHost } from "../../../../components/gateway/host";

for (const [url, host] of [
  ["https://books.example", "books.example"],
  ["http://books.example:8080", "books.example"],
  ["http://localhost:8080", "*"],
  ["http://gateway", "*"],
  ["http://127.0.0.1:8080", "*"],
  ["http://[::1]:8080", "*"],
] as const) {
  test(`behind ${url} the gateway answers for ${host}`, () => {
    assert.equal(gatewayHost(url), host);
  });
}

for (const [url, answered, refused] of [
  [
    "http://localhost:8080",
    ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080"],
    ["rebound.example", "localhost.rebound.example", "127x0.0.1", "localhost:8080@rebound.example"],
  ],
  ["http://[::1]:8080", ["localhost", "[::1]"], ["::1", "1"]],
  ["http://10.0.0.1", ["10.0.0.1", "10.0.0.1:80"], ["localhost", "10.0.0.10", "10a0b0c1"]],
  ["http://gateway", ["gateway", "gateway:80"], ["gateway.rebound.example", "localhost"]],
] as const) {
  test(`behind ${url} the route answers for that host only`, () => {
    const { regex = "" } = authorityMatch(url).authority ?? {};
    // Envoy matches the whole header, by RE2; JavaScript writes the flag elsewhere.
    const pattern = new RegExp(`^(?:${regex.replace("(?i)", "")})$`, "i");
    for (const host of answered) assert.match(host, pattern);
    for (const host of refused) assert.doesNotMatch(host, pattern);
  });
}

test("behind a full name the gateway itself tells hosts apart, and the route need not", () => {
  assert.deepEqual(authorityMatch("https://books.example"), {});
});
