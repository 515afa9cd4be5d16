/** Upper bounds, ms, of the buckets in `endpoint_minutes.latencyBuckets`; one more bucket holds what is above. */
export const latencyBoundsMs = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000,
] as const; // prettier-ignore

export const latencyBucketCount = latencyBoundsMs.length + 1;

/** The bucket of a duration: the first whose bound is not below it. */
export function latencyBucket(ms: number): number {
  let bucket = 0;
  while (bucket < latencyBoundsMs.length && ms > (latencyBoundsMs[bucket] as number)) bucket += 1;
  return bucket;
}
