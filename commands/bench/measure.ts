/** One line of the bench's table: samples, the baseline, and the limit. */
import { median, spread } from "./statistics";

/** How values of a unit are written: 12.3 s, 840 µs. */
export const units = {
  seconds: { suffix: " s", digits: 2 },
  microseconds: { suffix: " µs", digits: 0 },
  mebibytes: { suffix: " MiB", digits: 0 },
  bytes: { suffix: " B", digits: 0 },
  count: { suffix: "", digits: 0 },
  "cells per second": { suffix: " /s", digits: 0 },
} as const;

export type Unit = keyof typeof units;

/** What was measured in the same run, side by side, to compare with. */
export interface Baseline {
  readonly what: string;
  /** In the measure's unit. */
  readonly samples: readonly number[];
}

/** The limit of the specification. */
export interface Limit {
  /** Whether it bounds the samples' median, or the ratio of that to the median of the baseline. */
  readonly of: "median" | "ratio";
  readonly bound: "at most" | "at least";
  readonly value: number;
  /** The value aimed for; it decides nothing. */
  readonly aim?: number;
}

export interface Measure {
  readonly what: string;
  readonly unit: Unit;
  readonly samples: readonly number[];
  readonly baseline?: Baseline;
  readonly limit?: Limit;
}

export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A measure with what follows from its samples. */
export interface Judged extends Measure {
  readonly summary: Summary;
  readonly baselineSummary?: Summary;
  /** Of the medians; absent if there is no baseline. */
  readonly ratio?: number;
  /** Absent if there is no limit. */
  readonly passed?: boolean;
}

/** Judges a measure by the medians of its samples. */
export function judge(measure: Measure): Judged {
  const summary = summarize(measure.samples);
  const { baseline, limit } = measure;
  const baselineSummary = baseline && summarize(baseline.samples);
  const ratio = baselineSummary && summary.median / baselineSummary.median;
  const judged = limit?.of === "ratio" ? ratio : summary.median;
  return {
    ...measure,
    summary,
    ...(baselineSummary && { baselineSummary }),
    ...(ratio !== undefined && { ratio }),
    ...(limit && { passed: judged !== undefined && keeps(judged, limit) }),
  };
}

function keeps(value: number, { bound, value: limit }: Limit): boolean {
  return bound === "at most" ? value <= limit : value >= limit;
}

function summarize(samples: readonly number[]): Summary {
  const [lowest, highest] = spread(samples);
  return { median: median(samples), lowest, highest };
}
