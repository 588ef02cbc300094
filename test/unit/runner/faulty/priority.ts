/** Says how urgent its process is: more than 0 is less than usual. */
import { getPriority } from "node:os";
import { test } from "node:test";

test(`has the priority ${getPriority()}`, () => undefined);
