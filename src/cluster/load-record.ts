import { z } from "zod";

/** A newer form that an older version can't read gets another number. */
const version = 1;
const prefix = "load/";

const schema = z.object({
  v: z.literal(version),
  /** When it was so, epoch ms. */
  at: z.int(),
  source: z.string(),
  /** Its name without the source's. */
  partition: z.string(),
  lagMs: z.number().min(0),
  /** Records that wait. */
  records: z.number().min(0).optional(),
  eventsPerSecond: z.number().min(0),
  /** Which share of its time whoever reads the partition spends in each stage, 0 to 1. */
  shares: z.record(z.string(), z.number()),
});

/** How much there is to do about one partition, as whoever reads it tells the others. */
export type LoadRecord = Omit<z.output<typeof schema>, "v">;

/** As a record of the topic `context`: the newest of each partition is kept. */
export function writeLoad(load: LoadRecord): { key: string; value: string } {
  return { key: `${prefix}${load.source}:${load.partition}`, value: JSON.stringify({ v: version, ...load }) };
}

/** The same, read back; `undefined` for a record that is something else, or of a version that this one doesn't know. */
export function readLoad(key: string, value: string): LoadRecord | undefined {
  if (!key.startsWith(prefix)) return undefined;
  try {
    return schema.safeParse(JSON.parse(value)).data;
  } catch {
    // No JSON: as good as not said.
    return undefined;
  }
}
