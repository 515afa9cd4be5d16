import { Random } from "../simulate/random.ts";
import type { Arrival } from "./arrival.ts";
import type { Disturbance } from "./disturbance.ts";

/** Partitions that a stream is spread over, by client. */
const partitions = 4;
/** One partition may be behind another by so much; less than `detect.lateness`. */
const maxLagMs = 8_000;
/** How long a partition keeps its lag. */
const lagForMs = 20_000;
const duplicateShare = 0.05;
const duplicateWithinMs = 5_000;
const lateShare = 0.05;
const lateMs = 30_000;
/** How wrong each partition's gateway is about the time. */
const skewsMs = [-3_000, 0, 1_500, 3_000] as const;
/** Addresses that are never seen again, for each row of memory in an hour of event time. */
export const strangersPerRow = 10;

/**
 * The same events as they arrive on a worse day, in the order of their arrival. `rows`: how many keys
 * memory has room for.
 */
export function* disturb(
  arrivals: Iterable<Arrival>,
  how: { readonly disturbances: ReadonlySet<Disturbance>; readonly seed: number; readonly rows: number },
): Generator<Arrival> {
  const queue = new ArrivalQueue();
  const worsen = worsener(how);
  for (const arrival of arrivals) {
    // Nothing arrives before its time, so that what is due by now is complete.
    yield* queue.takeBefore(arrival.at);
    for (const one of worsen(arrival)) queue.add(one);
  }
  yield* queue.takeBefore(Infinity);
}

// helpers

/** What becomes of one arrival: itself, later; and what comes with it. */
function worsener(how: {
  readonly disturbances: ReadonlySet<Disturbance>;
  readonly seed: number;
  readonly rows: number;
}): (arrival: Arrival) => Arrival[] {
  const random = new Random(how.seed, "disturb");
  const has = (one: Disturbance) => how.disturbances.has(one);
  const isSpread = has("shuffle") || has("skew");
  const lag = new Lags(random);
  const last = Array.from({ length: partitions }, () => 0);
  let strangers = 0;
  let lastAt: number | undefined;
  return (arrival) => {
    const p = isSpread ? partitionOf(arrival) : 0;
    const partition = isSpread ? `gateway-${p}` : arrival.partition;
    let { at } = arrival;
    if (has("shuffle")) at = last[p] = Math.max(last[p]!, at + lag.of(p, at));
    if (has("late") && random.chance(lateShare)) at += lateMs;
    const event = has("skew") ? { ...arrival.event, time: arrival.event.time + skewsMs[p]! } : arrival.event;
    const made: Arrival[] = [{ ...arrival, event, at, partition }];
    if (has("duplicates") && random.chance(duplicateShare)) {
      made.push({ event, at: at + random.below(duplicateWithinMs), partition, isExtra: true });
    }
    if (has("keys") && arrival.event.origin === "gateway") {
      strangers += ((arrival.at - (lastAt ?? arrival.at)) / 3_600_000) * how.rows * strangersPerRow;
      lastAt = arrival.at;
      for (; strangers >= 1; strangers--) made.push({ ...strangerAt(arrival, random), at, partition, isExtra: true });
    }
    return made;
  };
}

/** How far each partition is behind at a time. */
class Lags {
  readonly #random: Random;
  readonly #lags = Array.from({ length: partitions }, () => ({ until: 0, ms: 0 }));

  constructor(random: Random) {
    this.#random = random;
  }

  of(partition: number, time: number): number {
    const lag = this.#lags[partition]!;
    if (time >= lag.until) {
      lag.until = time + lagForMs;
      lag.ms = this.#random.below(maxLagMs);
    }
    return lag.ms;
  }
}

/** Somebody who looks at one page, and is never seen again. */
function strangerAt({ event }: Arrival, random: Random): Pick<Arrival, "event"> {
  const part = () => random.below(256);
  const clientIp = `100.${64 + random.below(64)}.${part()}.${part()}`;
  return {
    event: {
      ...event,
      ...{ clientIp, clientKey: clientIp, clientIpTrust: "certain", peerIp: clientIp },
      ...{ method: "GET", path: "/api/home", route: "/api/home", endpointClass: "other", status: 200, outcome: "ok" },
      ...{
        durationMs: 40,
        upstreamMs: 38,
        attempt: false,
        listed: true,
        needsUser: undefined,
        deprecated: false,
        methodOverride: undefined,
      },
      ...{
        userId: `passer-${part()}-${part()}-${part()}`,
        sessionId: undefined,
        apiKey: undefined,
        attributes: undefined,
      },
    },
  };
}

/** Clients stay on their partition. */
function partitionOf({ event }: Arrival): number {
  const text = event.clientKey ?? "";
  let hash = 17;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % 65_521;
  return hash % partitions;
}

/** Arrivals that were put off, by second. */
class ArrivalQueue {
  readonly #seconds = new Map<number, Arrival[]>();
  #next = Infinity;

  add(arrival: Arrival): void {
    const second = Math.floor(arrival.at / 1000);
    const held = this.#seconds.get(second);
    if (held) held.push(arrival);
    else this.#seconds.set(second, [arrival]);
    this.#next = Math.min(this.#next, second);
  }

  /** Those of whole seconds before `time`, in order. */
  *takeBefore(time: number): Generator<Arrival> {
    const end = Math.floor(time / 1000);
    if (this.#next >= end) return;
    const due = [...this.#seconds.keys()].filter((second) => second < end).sort((a, b) => a - b);
    for (const second of due) {
      yield* this.#seconds.get(second)!.sort((a, b) => a.at - b.at);
      this.#seconds.delete(second);
    }
    this.#next = Math.min(Infinity, ...this.#seconds.keys());
  }
}
