/** An image's name is completed as containerd completes what pods say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fullName } from "../../../../local/images/reference";

const digest = `sha256:${"0".repeat(64)}`;

for (const [reference, expected] of [
  ["web", "docker.io/library/web:latest"],
  ["web:1.0", "docker.io/library/web:1.0"],
  ["team/web:1.0", "docker.io/team/web:1.0"],
  ["localhost/web:1.0", "localhost/web:1.0"],
  ["localhost:5000/web", "localhost:5000/web:latest"],
  ["registry.example.com/team/web:1.0", "registry.example.com/team/web:1.0"],
  [`registry.example.com/web:1.0@${digest}`, `registry.example.com/web@${digest}`],
  [`web@${digest}`, `docker.io/library/web@${digest}`],
] as const)
  test(`${reference} is ${expected}`, () => {
    assert.equal(fullName(reference), expected);
  });
