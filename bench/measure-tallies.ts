import { nginxLine } from "../examples/shop/nginx-line.ts";
import { nextStep, people, random } from "../examples/shop/people.ts";
import { systemClock } from "../src/clock.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { TallyCounter } from "../src/detect/tally-counter.ts";
import { MinuteTallies } from "../src/store/minute-tallies.ts";
import type { Crowd } from "./crowds.ts";
import { readShop } from "./stages.ts";
import { batchOf } from "./traffic.ts";

/** What is written for one source partition at one flush. */
export interface TallyFigures {
  readonly crowd: string;
  /** Events since the flush before. */
  readonly events: number;
  /** Into how many parts keys are divided. */
  readonly parts: number;
  /** Different clients among the events. */
  readonly clients: number;
  /** Of all parts together. */
  readonly bytes: number;
  /** Of the tally for whoever decides on blocks. */
  readonly trafficBytes: number;
  /** Counting and writing, without reading the lines; ms. */
  readonly writeMs: number;
  /** Taking in one of the parts, and judging; ms. */
  readonly mergeMs: number;
  /** Taking in the traffic by whoever decides on blocks; ms. */
  readonly trafficMs: number;
}

export const flushMs = 200;
/** The first flushes are those of cold code. */
const warmUp = 5;
const measured = 8;

/** Has the counter of `ingest`, with all detectors and rows of minutes, count and write what a crowd does: mean sizes of a few flushes, and the least times. */
export async function measureTallies(options: {
  crowds: readonly Crowd[];
  sizes: readonly { readonly events: number; readonly parts: number }[];
}): Promise<TallyFigures[]> {
  const { config, rules, normalizer } = await readShop();
  const rnd = random(13);
  const [someone] = people(1);
  let serial = 0;
  const requestOf = (client: number, time: number) => {
    const person = { ...someone!, name: `customer-${client}` };
    const request = nextStep({ ...person, client: { ...person.client, address: addressOf(client) } }, rnd);
    return nginxLine(request, time, serial++).trimEnd();
  };

  const figures: TallyFigures[] = [];
  for (const { events, parts } of options.sizes) {
    for (const { name, next } of options.crowds) {
      const { detect } = config;
      const { detectors } = rules;
      let now = 0;
      const counter = new TallyCounter({
        ...{ detectors, config: detect, partition: "edge:logs/0", parts },
        minutes: new MinuteTallies(parts),
      });
      const stageOf = (index: number) =>
        new DetectStage({
          ...{ detectors, config: detect, part: { index, of: parts }, onMuted: fail },
          clock: { ...systemClock, now: () => now },
        });
      // The one behind the last part is the one that acts.
      const [part, acting] = [stageOf(0), stageOf(parts)];
      const sum = { clients: 0, bytes: 0, traffic: 0 };
      const least = { writeMs: Infinity, mergeMs: Infinity, trafficMs: Infinity };
      for (let flush = 0; flush < warmUp + measured; flush++) {
        const begin = Date.UTC(2026, 7, 22, 9) + flush * flushMs;
        const who = Array.from({ length: events }, next);
        const batch = batchOf(
          who.map((client, i) => requestOf(client, begin + (i / events) * flushMs)),
          serial,
        );
        now = begin + flushMs;
        const read = normalizer.normalize({ ...batch, receivedAt: now });
        const started = performance.now();
        counter.add({ ...batch, receivedAt: now }, read);
        const { parts: written, traffic } = counter.take();
        const taken = performance.now();
        const { problem } = part.merge(written[0]!);
        const merged = performance.now();
        const known = acting.merge(traffic);
        if (problem !== undefined || known.problem !== undefined) throw new Error(problem ?? known.problem);
        if (flush < warmUp) continue;
        least.writeMs = Math.min(least.writeMs, taken - started);
        least.mergeMs = Math.min(least.mergeMs, merged - taken);
        least.trafficMs = Math.min(least.trafficMs, performance.now() - merged);
        sum.clients += new Set(who).size;
        sum.bytes += written.reduce((total, part) => total + part.length, 0);
        sum.traffic += traffic.length;
      }
      figures.push({
        ...{ crowd: name, events, parts },
        clients: Math.round(sum.clients / measured),
        bytes: Math.round(sum.bytes / measured),
        trafficBytes: Math.round(sum.traffic / measured),
        writeMs: least.writeMs,
        mergeMs: least.mergeMs,
        trafficMs: least.trafficMs,
      });
    }
  }
  return figures;
}

/** What one event costs, told apart by who has to have it; at one size of flush. */
export interface TallyCost {
  readonly crowd: string;
  /** In one flush of one source partition. */
  readonly events: number;
  readonly clients: number;
  /** For the one part that has the key, and again for each part there is. */
  readonly keyedBytes: number;
  readonly sharedBytes: number;
  /** To count and write, to take in by the part that has the key, and again by each part there is; microseconds. */
  readonly writeUs: number;
  readonly keyedUs: number;
  readonly sharedUs: number;
  /** Of the traffic, for the one that acts. */
  readonly trafficBytes: number;
  readonly trafficUs: number;
}

/** Divides what was measured with few parts and with many: sizes and times grow with their number by what all of them get. */
export function costOf(few: TallyFigures, many: TallyFigures): TallyCost {
  const { crowd, events, clients } = few;
  const sharedBytes = (many.bytes - few.bytes) / (many.parts - few.parts);
  // A part takes in its share of the keys, and all that is shared.
  const ofKeys = (few.mergeMs - many.mergeMs) / (1 / few.parts - 1 / many.parts);
  const ofShared = Math.max(0, many.mergeMs - ofKeys / many.parts);
  return {
    ...{ crowd, events, clients },
    keyedBytes: (few.bytes - few.parts * sharedBytes) / events,
    sharedBytes: sharedBytes / events,
    writeUs: (few.writeMs * 1000) / events,
    keyedUs: (ofKeys * 1000) / events,
    sharedUs: (ofShared * 1000) / events,
    trafficBytes: few.trafficBytes / events,
    trafficUs: (few.trafficMs * 1000) / events,
  };
}

// helpers

function fail(detector: string, error: string): never {
  throw new Error(`${detector}: ${error}`);
}

function addressOf(client: number): string {
  return `${11 + (client >>> 24)}.${(client >>> 16) & 255}.${(client >>> 8) & 255}.${client & 255}`;
}
