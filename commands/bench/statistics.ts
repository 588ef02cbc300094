/** Statistics of the samples of one quantity. */

/** The middle of the samples, or the mean of the two in the middle. @throws RangeError without samples */
export function median(samples: readonly number[]): number {
  const sorted = ascending(samples);
  const upper = at(sorted, Math.floor(sorted.length / 2));
  return sorted.length % 2 === 1 ? upper : (at(sorted, sorted.length / 2 - 1) + upper) / 2;
}

/** The lowest and the highest sample. @throws RangeError without samples */
export function spread(samples: readonly number[]): readonly [number, number] {
  const sorted = ascending(samples);
  return [at(sorted, 0), at(sorted, sorted.length - 1)];
}

/**
 * The nearest-rank percentile of the samples.
 * @param percent above 0, at most 100
 * @throws RangeError without samples
 */
export function percentile(samples: readonly number[], percent: number): number {
  return at(ascending(samples), Math.ceil((percent / 100) * samples.length) - 1);
}

function ascending(samples: readonly number[]): readonly number[] {
  return samples.toSorted((one, other) => one - other);
}

function at(sorted: readonly number[], index: number): number {
  const found = sorted[index];
  if (found === undefined) throw new RangeError("there are no samples");
  return found;
}
