import { setImmediate } from "node:timers/promises";
import type { BaselineTables } from "./baseline-tables.ts";
import type { Clock } from "./clock.ts";
import { ActorDays } from "./detect/actor-days.ts";
import { type BaselineMeasure, placeName } from "./detect/baseline.ts";
import { BaselineHours, type PlaceHours } from "./detect/baseline-hours.ts";
import type { BaselineCells, BaselineTable } from "./detect/baseline-table.ts";
import { capBaseline } from "./detect/cap-baseline.ts";
import type { DetectConfig } from "./detect/detect-config.ts";
import type { DetectEngine } from "./detect/detect-engine.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import { hourMs } from "./detect/hour-of-week.ts";
import { hourMeasures, learnBaseline } from "./detect/learn-baseline.ts";
import { LearningWindow } from "./detect/learning-window.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { readActorDay } from "./store/actor-days.ts";
import { readEndpointHours, readFreezes } from "./store/endpoint-hours.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Store } from "./store/store.ts";

/** Counts of an hour may come so much later than its end. */
const lateMs = 300_000;
/** Hours asked for at once; fewer where the store takes too long. */
const hoursAtOnce = 6;
/** The store is let alone for so long after a question failed. */
const restMs = 60_000;
/** Learning takes about a second for a thousand routes: not again and again while a backlog is read. */
const learnEveryMs = 600_000;
/** One actor of so many is looked at next, when a question for all was too much; and of how many at most. */
const sampleStep = 4;
const sampleMost = 64;
/** A route is learned in a millisecond or two; others get their turn after so many. */
const placesAtOnce = 4;

const minuteMs = 60_000;

export interface BaselineLearnerOptions {
  readonly store: Pick<Store, "query">;
  readonly detect: Pick<DetectStage, "baselines"> & { readonly engine: Pick<DetectEngine, "sealedUntil"> };
  readonly pipeline: Pick<Pipeline, "between">;
  readonly tables: BaselineTables;
  readonly config: { readonly detect: Pick<DetectConfig, "baselines"> };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Learns once an hour of event time what is usual, from the counts in the store: reads the hours it has
 * not seen yet, a few at a time, and publishes a table that holds from a full minute of event time on.
 */
export class BaselineLearner {
  readonly #options: BaselineLearnerOptions;
  readonly #hours: BaselineHours;
  readonly #actors: ActorDays;
  readonly #failures;
  readonly #places;
  /** The first hour that was not read yet, and the one that was learned up to; from the epoch. */
  #next = 0;
  #learnedTo = 0;
  #atOnce = hoursAtOnce;
  /** The first day that was not read yet, and of how many actors one is looked at. */
  #nextDay = 0;
  #sample = 1;
  #restUntil = 0;
  #learnedAt = -Infinity;

  constructor(options: BaselineLearnerOptions) {
    this.#options = options;
    this.#hours = new BaselineHours(options.config.detect.baselines.weeks);
    this.#actors = new ActorDays(options.config.detect.baselines.weeks * 7);
    const { metrics } = options;
    this.#failures = metrics.counter(
      "gatewatch_detect_baseline_failures_total",
      "Questions for what is usual that the store did not answer",
    );
    this.#places = metrics.gauge("gatewatch_detect_baseline_places", "Places of which it is known what is usual");
  }

  /** Takes up what an earlier run had learned. */
  async load(): Promise<void> {
    const { detect, tables } = this.#options;
    detect.baselines.load(await tables.load());
  }

  /** One step, if there is one to take: reads a few hours, or learns. To be called every second or so. */
  async look(): Promise<void> {
    const { detect, clock, log } = this.#options;
    const to = Math.floor((detect.engine.sealedUntil - lateMs) / hourMs);
    if (to <= this.#learnedTo || clock.now() < this.#restUntil) return;
    try {
      this.#next = Math.max(this.#next, to - this.#hours.size);
      this.#nextDay = Math.max(this.#nextDay, Math.ceil((to - this.#hours.size) / 24));
      if (this.#next < to) await this.#read(Math.min(to, this.#next + this.#atOnce));
      else if (this.#nextDay < Math.floor(to / 24)) await this.#readDay();
      else if (clock.monotonic() >= this.#learnedAt + learnEveryMs) await this.#learn(to);
    } catch (error) {
      this.#failures.inc();
      this.#restUntil = clock.now() + restMs;
      this.#atOnce = Math.max(1, this.#atOnce >> 1);
      log.warn({ error: error instanceof Error ? error.message : String(error) }, "what is usual can't be learned now");
    }
  }

  async #read(to: number): Promise<void> {
    const from = this.#next;
    const hours = await readEndpointHours(this.#options.store, { from, to });
    for (let hour = from; hour < to; hour++) this.#hours.add(hour, hours.get(hour) ?? []);
    this.#next = to;
    this.#atOnce = Math.min(hoursAtOnce, this.#atOnce + 1);
  }

  /** Where a day has too many actors for one question, some of them are enough; a day that is too much even so is left out. */
  async #readDay(): Promise<void> {
    const sample = this.#sample;
    this.#sample = sample * sampleStep;
    if (sample <= sampleMost)
      this.#actors.add(this.#nextDay, await readActorDay(this.#options.store, this.#nextDay, sample));
    this.#sample = Math.min(sample, sampleMost);
    this.#nextDay++;
  }

  async #learn(to: number): Promise<void> {
    const { store, detect, pipeline, tables, log } = this.#options;
    const { baselines } = detect;
    const config = this.#options.config.detect.baselines;
    const from = to - this.#hours.size;
    const freezes = await readFreezes(store, { from, to });
    this.#hours.forgetQuiet();
    const window = new LearningWindow(this.#hours, { to, timeZone: config.timeZone, freezes });
    // Another clock's hours are other hours.
    const former = baselines.newest?.timeZone === config.timeZone ? baselines.newest : undefined;
    const places = new Map<string, Partial<Record<BaselineMeasure, BaselineCells>>>();
    let looked = 0;
    for (const [name, hours] of this.#hours.places) {
      const cells = learnPlace(hours, window, { former, name, to, growth: config.growth });
      if (Object.keys(cells).length > 0) places.set(name, cells);
      if (++looked % placesAtOnce === 0) await setImmediate();
    }
    for (const endpointClass of this.#actors.classes) {
      const name = placeName({ endpointClass });
      const perActor = this.#actors.learn(endpointClass);
      if (perActor === undefined) continue;
      const span = { growth: config.growth, from: former?.learnedTo ?? to, to };
      capBaseline(perActor, former?.places.get(name)?.perActor, { measure: "perActor", ...span });
      places.set(name, { ...places.get(name), perActor });
    }
    if (places.size > 0 || baselines.newest) {
      await pipeline.between(async () => {
        const holdsFrom = Math.floor(detect.engine.sealedUntil / minuteMs) * minuteMs + tables.noticeMs;
        const table = { holdsFrom, learnedTo: to, timeZone: config.timeZone, places };
        await tables.save([...(baselines.newest ? [baselines.newest] : []), table]);
        baselines.publish(table);
      });
    }
    this.#learnedTo = to;
    this.#learnedAt = this.#options.clock.monotonic();
    this.#places.set(places.size);
    const facts = { places: places.size, learnedTo: new Date(to * hourMs).toISOString(), leftOut: freezes.length };
    log.debug(facts, "learned what is usual");
  }
}

/** What is usual at one place, as far as anything is known. */
function learnPlace(
  hours: PlaceHours,
  window: LearningWindow,
  by: { former: BaselineTable | undefined; name: string; to: number; growth: number },
): Partial<Record<BaselineMeasure, BaselineCells>> {
  const learned: Partial<Record<BaselineMeasure, BaselineCells>> = {};
  const before = by.former?.places.get(by.name);
  for (const measure of hourMeasures) {
    const cells = learnBaseline(hours, measure, window);
    if (!cells.level.some((level) => level > 0)) continue;
    capBaseline(cells, before?.[measure], {
      measure,
      growth: by.growth,
      from: by.former?.learnedTo ?? by.to,
      to: by.to,
    });
    learned[measure] = cells;
  }
  return learned;
}
