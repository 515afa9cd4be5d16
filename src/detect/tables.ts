import type { DetectConfig } from "./detect-config.ts";
import type { Dimension, Where } from "./define-detector.ts";
import { FirstSeen, FirstSeenCounter } from "./first-seen.ts";
import { KeySpace } from "./key-space.ts";
import { Lane } from "./lane.ts";
import type { PlanTables } from "./plan.ts";
import { parseDuration } from "../units.ts";
import { Samples } from "./samples.ts";
import { definitionOf } from "./slot.ts";
import { canMeet, everyday } from "./where.ts";

/** How far partitions may be apart before the one in front is paused; buckets are kept for so long. */
export const aheadMs = 45_000;

/** For how much longer than its window a lane keeps buckets, in milliseconds. */
export function slackOf(config: DetectConfig): number {
  return config.lateness + 2 * aheadMs;
}

/** Samples of quiet rows that are kept at once of each class of endpoints; with more rows a quarter as many as there are. */
const leastSamples = 16_384;

/** Where samples of quiet rows are kept. */
export function samplesFor({ clients }: Pick<DetectConfig, "clients">): Samples {
  return new Samples(Math.max(leastSamples, clients / 4));
}

/** Dimensions with few values, so that each may take some memory. */
export const fewValues: readonly Dimension[] = ["country", "route", "endpointClass", "gateway", "role", "provider"];

/** Dimensions with few values, or of which only those with much traffic or the latest matter: their tables are small. */
const few: readonly Dimension[] = [...fewValues, "asn", "userAgent", "host", "nonce"];
const rowsOfFew = 4096;

/**
 * Whether it chooses what people do all day. Such requests fill the rows in which rare ones are
 * counted, so both are kept apart: a client that reads a hundred product pages has its failed
 * sign-ins in a lane that is quiet.
 */
function isBroad({ endpointClass, outcome }: Where): boolean {
  if (outcome !== undefined && !outcome.includes("ok")) return false;
  return endpointClass === undefined || endpointClass.some((one) => everyday.includes(one));
}

/** Actors are clients as well as users: there are twice as many. */
function kindsOf(dimensions: readonly Dimension[]): number {
  return dimensions.includes("actor") ? 2 : 1;
}

/** Gives the counters that remember first times a table, all of them one; `undefined` when there is none. */
export function rememberFirsts(spaces: readonly KeySpace[], config: DetectConfig): FirstSeen | undefined {
  let table: FirstSeen | undefined;
  for (const { dimensions, lanes } of spaces) {
    for (const slot of lanes.flatMap((lane) => lane.slots)) {
      if (slot.counter.kind !== "firstSeen") continue;
      table ??= new FirstSeen(config.firstSeenValues);
      const name = [dimensions.join("+"), slot.names[0], definitionOf(slot)].join("\n");
      slot.firsts = new FirstSeenCounter({ table, name, memory: parseDuration(slot.counter.memory)! / 1000 });
    }
  }
  return table;
}

/** Makes the key spaces and lanes that a plan asks for, each once. */
export function buildTables(options: { config: DetectConfig; ring: Samples }): PlanTables & { spaces(): KeySpace[] } {
  const spaces = new Map<string, KeySpace>();
  const rowsFor = (dimensions: readonly Dimension[]) =>
    dimensions.every((dimension) => few.includes(dimension)) ? rowsOfFew : options.config.clients * kindsOf(dimensions);
  return {
    space(dimensions) {
      const name = dimensions.join("+");
      const space = spaces.get(name) ?? new KeySpace(dimensions, rowsFor(dimensions));
      spaces.set(name, space);
      return space;
    },
    lane(space, { windowMs, bucketMs, where, fits }) {
      const suiting = space.lanes.filter(
        (lane) =>
          lane.windowMs === windowMs && lane.bucketMs === bucketMs && lane.isBroad === isBroad(where) && fits(lane),
      );
      const known = suiting.find((lane) => lane.slots.some((slot) => canMeet(slot.where, where))) ?? suiting[0];
      if (known) return known;
      const slackMs = slackOf(options.config);
      const lane = new Lane({
        ...{ rows: space.table.capacity, windowMs, bucketMs, slackMs, ring: options.ring },
        ...{
          isBroad: isBroad(where),
          observations: space.observations,
          number: space.lanes.length,
          changed: space.table.changed,
        },
      });
      space.addLane(lane);
      return lane;
    },
    spaces: () => [...spaces.values()],
  };
}
