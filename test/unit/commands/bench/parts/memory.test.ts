/** A component's memory is the proportional set size of all its processes, and only a process's descendants count. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  descendantsOf,
  memoryByComponent,
  proportionalSetSize,
} from "../../../../../commands/bench/parts/memory";

describe("proportionalSetSize", () => {
  it("reads the line Pss, and no other that begins with it", () => {
    const rollup = [
      "00400000-7ffd [rollup]",
      "Rss:                9000 kB",
      "Pss:                1234 kB",
      "Pss_Dirty:           200 kB",
      "Pss_Anon:            200 kB",
    ].join("\n");
    assert.equal(proportionalSetSize(rollup), 1234 * 1024);
  });

  it("is nothing for a process that has ended", () => {
    assert.equal(proportionalSetSize(""), 0);
  });
});

describe("memoryByComponent", () => {
  it("adds up each component's processes, by the program's name, largest first", () => {
    const found = memoryByComponent([
      { program: "/usr/local/bin/pilot-agent", bytes: 10 },
      { program: "/usr/local/bin/envoy", bytes: 30 },
      { program: "/cache/bin/kubelet", bytes: 50 },
      { program: "sleep", bytes: 1 },
    ]);
    assert.deepEqual(
      [...found],
      [
        ["Kubernetes", 50],
        ["sidecars and gateway", 40],
        ["other", 1],
      ],
    );
  });
});

describe("descendantsOf", () => {
  it("finds children of children, wherever they are listed, and no other process", () => {
    const parents = new Map([
      [7, 5],
      [5, 2],
      [2, 1],
      [3, 1],
      [4, 2],
    ]);
    assert.deepEqual(descendantsOf(2, parents), [2, 5, 4, 7]);
  });
});
