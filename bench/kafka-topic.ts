import { type Codec, produce } from "../test/support/kcat.ts";

/** Lines that follow one another in a partition before the next one has its turn. */
const turn = 50;

/**
 * Produces one record for each line with librdkafka, in batches as shippers make them. Partitions take turns, so that all of
 * them end at about the same event time, as they do where traffic goes on.
 */
export async function fillTopic(options: {
  broker: string;
  topic: string;
  partitions: number;
  codec: Codec;
  lines: readonly string[];
}): Promise<void> {
  const { partitions, lines, ...to } = options;
  const parts = Array.from({ length: partitions }, (): string[] => []);
  lines.forEach((line, i) => parts[Math.floor(i / turn) % partitions]!.push(line));
  for (const [partition, part] of parts.entries())
    if (part.length > 0) await produce({ ...to, partition, lines: part });
}
