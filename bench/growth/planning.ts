/**
 * Plans verify's cells of the table of the clone that it is in: `planning.ts REPEAT`. It prints the cells, and the
 * seconds that each planning took.
 */
import { exitWith } from "../../sandbox/failure";
import { services } from "../../components/access";
import type { ServiceName } from "../../components/access";
import { planCells } from "../../verify/cells";
import { bearer } from "../../verify/presentations";
import { vantagePoints } from "../../verify/vantages";
import { viewersOf, wholeViewer } from "../../verify/viewers";
import { printOutput } from "../output";

/** As in Pulumi.sandbox.yaml: who there is decides how many rows there are. */
const configured: Parameters<typeof viewersOf>[0]["viewers"] = {
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

function plan() {
  const viewers = viewersOf({
    issuer: "https://tenant.localhost:8443/",
    permissionsClaim: ["permissions"],
    viewers: configured,
  });
  const token = { sent: bearer("token"), shown: bearer("[token]"), words: new Map() };
  const credentials = new Map(viewers.map(({ name }) => [name, token] as const));
  const vantages = vantagePoints(
    "http://localhost:8080",
    wholeViewer(viewers)?.name,
    new Map(
      Object.keys(services).map((name) => [name as ServiceName, [{ name, address: "10.0.0.1" }]]),
    ),
  );
  return planCells(vantages, viewers, credentials);
}

function main(): number {
  const seconds: number[] = [];
  const { length } = plan();
  while (seconds.length < Number(process.argv[2])) {
    const began = performance.now();
    plan();
    seconds.push((performance.now() - began) / 1000);
  }
  printOutput({ cells: length, seconds });
  return 0;
}

exitWith(Promise.resolve().then(main));
