import type { AccessEvent, NormalizedBatch } from "../normalize/access-event.ts";
import { ActorMinute, type ActorCell } from "./actor-minute.ts";
import { EndpointMinute, type EndpointCell } from "./endpoint-minute.ts";
import { accessEventRow, limitedRequestRow } from "./event-rows.ts";
import { PendingRows } from "./pending-rows.ts";
import { readMinuteTallies } from "./read-minute-tallies.ts";
import type { Store } from "./store.ts";

const minuteMs = 60_000;

export interface MinuteRowsOptions {
  readonly write: Store["write"];
  /** Keep every single request in `access_events` too (`retention.accessEvents` is not `off`). */
  readonly keepAccessEvents?: boolean;
  /** Actors of one minute and partition that have a row of their own at once; as many again of those that come later. */
  readonly maxActors?: number;
  /** Places (route, method, country, gateway) of one minute and partition. */
  readonly maxEndpointCells?: number;
  /** Minutes of a partition that are counted at the same time. */
  readonly maxOpenMinutes?: number;
}

/** Plain data: what has been counted and may still change. */
export type MinuteRowsSnapshot = readonly {
  readonly partition: string;
  readonly highestOffset: number;
  readonly lastPart: number;
  readonly minutes: readonly {
    readonly minute: number;
    readonly part: number;
    readonly endpoints: readonly EndpointCell[];
    readonly actors: readonly ActorCell[];
  }[];
}[];

/** Events of one partition: `events[i]` was entry `indexes[i]` of the record at `offsets[i]`. */
export type ReadEvents = Pick<NormalizedBatch, "events" | "offsets" | "indexes">;

/** Counts events into the rows of each minute. */
export interface MinuteRows {
  /** Counts a batch. A promise when the caller should wait before the next. */
  add(partition: string, batch: ReadEvents): Promise<void> | undefined;
  /** Hands over what changed since the last flush. */
  flush(): Promise<void>;
  /** The partition goes to someone else: its minutes end here. Call after its last `add`, before `flush`. */
  release(partition: string): void;
  /** A copy of the counts. To be saved with the position it belongs to, after `flush` and the store's `flush`. */
  snapshot(): MinuteRowsSnapshot;
  /** Takes up the counts of an earlier run, before the first `add`. */
  restore(snapshot: MinuteRowsSnapshot): void;
}

/** Rows of minutes that another process counts. */
export interface TalliedMinuteRows extends MinuteRows {
  /**
   * Adds what `MinuteTallies` counted elsewhere, as record `offset` of a partition of such records; answers why
   * it can't be read.
   */
  take(partition: string, tallies: Uint8Array, offset: number): string | undefined;
}

interface OpenMinute {
  /** Its beginning, epoch ms. */
  readonly minute: number;
  /** The offset that opened it: if late events open it again, that is another part, with rows of its own. */
  readonly part: number;
  readonly endpoints: EndpointMinute;
  readonly actors: ActorMinute;
}

interface Partition {
  readonly name: string;
  highestOffset: number;
  lastPart: number;
  /** The one opened earliest first. */
  readonly minutes: OpenMinute[];
}

/**
 * Rows are absolute values for (minute, place, partition, part), and their version is the highest
 * offset counted plus one. All that is decided here depends on the order in one partition alone, so a
 * replay from a snapshot gives the same rows again, and the highest version is right.
 */
export function createMinuteRows(options: MinuteRowsOptions): TalliedMinuteRows {
  const { maxActors = 2000, maxEndpointCells = 5000, maxOpenMinutes = 2, keepAccessEvents = false } = options;
  const partitions = new Map<string, Partition>();
  const pending = new PendingRows(options.write);

  const openMinute = (partition: Partition, minute: number, offset: number): OpenMinute => {
    const earliest = partition.minutes.length >= maxOpenMinutes ? partition.minutes.shift() : undefined;
    if (earliest) pending.addMinute(partition.name, earliest, { version: offset + 1, ended: true });
    partition.lastPart = Math.max(offset, partition.lastPart + 1);
    const opened = {
      minute,
      part: partition.lastPart,
      endpoints: new EndpointMinute(maxEndpointCells),
      actors: new ActorMinute(maxActors),
    };
    partition.minutes.push(opened);
    return opened;
  };

  const minuteOf = (partition: Partition, minute: number, offset: number): OpenMinute =>
    partition.minutes.find((open) => open.minute === minute) ?? openMinute(partition, minute, offset);

  const partitionOf = (name: string): Partition => {
    const partition = partitions.get(name) ?? { name, highestOffset: -1, lastPart: -1, minutes: [] };
    partitions.set(name, partition);
    return partition;
  };

  const flush = async () => {
    for (const partition of partitions.values()) {
      for (const minute of partition.minutes) {
        pending.addMinute(partition.name, minute, { version: partition.highestOffset + 1, ended: false });
      }
    }
    await pending.handOver();
  };

  return {
    add(name, { events, offsets, indexes }) {
      const partition = partitionOf(name);
      let current: OpenMinute | undefined;
      for (let i = 0; i < events.length; i++) {
        const event = events[i] as AccessEvent;
        const offset = offsets[i] as number;
        const minute = Math.floor(event.time / minuteMs) * minuteMs;
        if (current?.minute !== minute) current = minuteOf(partition, minute, offset);
        current.endpoints.count(event);
        current.actors.count(event);
        const origin = { partition: name, offset, index: indexes[i] as number };
        if (event.origin === "gateway" && (event.outcome === "limited" || event.status === 429))
          pending.add("limited_requests", limitedRequestRow(event, origin));
        if (keepAccessEvents) pending.add("access_events", accessEventRow(event, origin));
        if (offset > partition.highestOffset) partition.highestOffset = offset;
      }
      return pending.isLarge ? flush() : undefined;
    },
    take(name, tallies, offset) {
      const read = readMinuteTallies(tallies);
      if ("problem" in read) return read.problem;
      const partition = partitionOf(name);
      for (const { minute, endpoints, actors } of read) {
        const open = minuteOf(partition, minute, offset);
        for (const cell of endpoints) open.endpoints.add(cell);
        for (const figures of actors) open.actors.add(figures);
      }
      partition.highestOffset = Math.max(partition.highestOffset, offset);
      return undefined;
    },
    flush,
    release(name) {
      const partition = partitions.get(name);
      if (!partition) return;
      // One above what `flush` gave: these rows take the place of those.
      for (const minute of partition.minutes) {
        pending.addMinute(name, minute, { version: partition.highestOffset + 2, ended: true });
      }
      partitions.delete(name);
    },
    snapshot: () =>
      [...partitions.values()].map(({ name, highestOffset, lastPart, minutes }) => ({
        partition: name,
        highestOffset,
        lastPart,
        minutes: minutes.map(({ minute, part, endpoints, actors }) => ({
          minute,
          part,
          endpoints: endpoints.cells.map(copyOfEndpoint),
          actors: actors.cells().map(copyOfActor),
        })),
      })),
    restore(snapshot) {
      for (const { partition: name, highestOffset, lastPart, minutes } of snapshot) {
        const restored = minutes.map(({ minute, part, endpoints, actors }) => ({
          minute,
          part,
          endpoints: new EndpointMinute(maxEndpointCells, structuredClone(endpoints).map(asDirty)),
          actors: new ActorMinute(maxActors, structuredClone(actors).map(asDirty)),
        }));
        partitions.set(name, { name, highestOffset, lastPart, minutes: restored });
      }
    },
  };
}

// helpers

// By hand: everything waits for these copies, of ten thousands of cells, and `structuredClone` takes many times as long.

function copyOfEndpoint({ figures, times, dirty }: EndpointCell): EndpointCell {
  return { figures: { ...figures, latencyBuckets: [...figures.latencyBuckets] }, times: { ...times }, dirty };
}

function copyOfActor({ figures, kind, dirty }: ActorCell): ActorCell {
  return { figures: { ...figures }, kind, dirty };
}

/** The rows of the earlier run may never have been written: all are made again. */
function asDirty<Cell extends { dirty: boolean }>(cell: Cell): Cell {
  return { ...cell, dirty: true };
}
