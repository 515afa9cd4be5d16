import type { Admin } from "kafkajs";
import type { Position } from "./raw-batch.ts";

/** What the broker says about one partition; offsets as numbers. */
export interface PartitionOffsets {
  readonly partition: number;
  /** The oldest record it still has. */
  readonly low: number;
  /** The offset the next record will get. */
  readonly high: number;
  /** What the group has committed. */
  readonly committed: number | undefined;
}

export interface StartPlan {
  /** Where each assigned partition is read from. */
  readonly starts: ReadonlyMap<number, number>;
  /** First start of the group: to be committed at once, so that what comes in while we are away is read later. */
  readonly pins: ReadonlyMap<number, number>;
  /** Partitions whose position the broker no longer has. */
  readonly lost: readonly number[];
}

/** Asks the broker about all partitions of a topic. */
export async function fetchOffsets(
  admin: Admin,
  { topic, group }: { readonly topic: string; readonly group: string },
): Promise<PartitionOffsets[]> {
  const [ends, groups] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId: group, topics: [topic] }),
  ]);
  const committed = new Map(groups[0]?.partitions.map((p) => [p.partition, Number(p.offset)]));
  return ends.map(({ partition, low, high }) => {
    const offset = committed.get(partition) ?? -1;
    return { partition, low: Number(low), high: Number(high), committed: offset >= 0 ? offset : undefined };
  });
}

/**
 * Where to read each assigned partition from. Our own saved position is the truth; without one,
 * what the group committed; without that, `from`. A partition that was added after the group first
 * started is read from its beginning, or its first records would be missed.
 */
export function planStart(options: {
  /** All partitions of the topic. */
  partitions: readonly PartitionOffsets[];
  assigned: readonly number[];
  resumeAt: (partition: number) => Position | undefined;
  from: "latest" | "earliest";
}): StartPlan {
  const { partitions, assigned, resumeAt, from } = options;
  const starts = new Map<number, number>();
  const pins = new Map<number, number>();
  const lost: number[] = [];
  const groupIsNew = partitions.every(({ committed }) => committed === undefined);
  for (const { partition, low, high, committed } of partitions) {
    const initial = groupIsNew && from === "latest" ? high : low;
    if (groupIsNew) pins.set(partition, initial);
    if (!assigned.includes(partition)) continue;
    const wanted = offsetOf(resumeAt(partition)) ?? committed ?? initial;
    // Deleted by retention: go on with the oldest there is. Beyond the end (a topic made anew): with what comes.
    const start = Math.min(Math.max(wanted, low), high);
    if (start !== wanted) lost.push(partition);
    starts.set(partition, start);
  }
  return { starts, pins, lost };
}

// helpers

function offsetOf(position: Position | undefined): number | undefined {
  if (typeof position === "object" || position === undefined || position === "") return undefined;
  const offset = Number(position);
  return Number.isSafeInteger(offset) && offset >= 0 ? offset : undefined;
}
