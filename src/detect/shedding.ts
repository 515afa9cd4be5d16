import type { Clock } from "../clock.ts";
import type { AccessEvent, EndpointClass } from "../normalize/access-event.ts";
import { formatDuration } from "../units.ts";
import { type Cell, cellOf } from "./cells.ts";
import type { ShedConfig } from "./detect-config.ts";
import type { Dimension } from "./dimension.ts";
import type { BoundDetector } from "./plan.ts";
import { chooses, eventKinds } from "./where.ts";

/** A class more is left out only when the one before has had so long to help. */
const worseMs = 10_000;
/** And is counted again once the lag has been below half of the bound for so long. */
const betterMs = 30_000;

/** What the whole site, a place on it or a country is counted by: few keys, and cheap. Others stand for somebody who asks. */
const ofTheSite: ReadonlySet<Dimension> = new Set([
  "route", "endpointClass", "gateway", "host", "country", "asn", "provider",
]); // prettier-ignore

export interface SheddingOptions {
  readonly config: ShedConfig;
  readonly clock: Clock;
  /** Called with what is to be told while requests are left out, when it changes; with `undefined` once none are. */
  readonly report: (text: string | undefined) => void;
  /** A request was left out. */
  readonly onShed: (endpointClass: EndpointClass) => void;
}

/** By class: event time of the newest request that was left out, epoch ms. */
export type SavedShedding = readonly (readonly [EndpointClass, number])[];

/**
 * Leaves requests out of counting while reading is too far behind: successful ones, by the order of classes that
 * the configuration gives. Counters of the whole site, its places and countries take them all the same. A detector
 * by client, user or the like that looks at them is held back until its window holds no gap any more, so that
 * nothing fires for what is missing; whoever looks at other requests alone has all of them.
 */
export class Shedding {
  readonly #options: SheddingOptions;
  /** So many of the classes are left out. */
  #level = 0;
  #changedAt = -Infinity;
  #lowSince: number | undefined;
  /** Requests left out since it began, by class. */
  readonly #counts = new Map<EndpointClass, number>();
  readonly #newest = new Map<EndpointClass, number>();
  #shed: ReadonlySet<EndpointClass> = new Set();
  /** What an event means to those detectors that take it all the same. */
  readonly #lean = new WeakMap<Cell, Cell>();
  readonly #gapsOf = new WeakMap<BoundDetector, readonly EndpointClass[]>();

  constructor(options: SheddingOptions) {
    this.#options = options;
  }

  /** Classes that are left out now. */
  get classes(): readonly EndpointClass[] {
    return this.#options.config.classes.slice(0, this.#level);
  }

  /** To be called every second. `lagMs`: how far the newest handled event is behind, while records wait. */
  look(lagMs: number): void {
    const { config, clock } = this.#options;
    const now = clock.monotonic();
    if (lagMs >= config.above / 2) this.#lowSince = undefined;
    else this.#lowSince ??= now;
    if (lagMs > config.above && this.#level < config.classes.length && now - this.#changedAt >= worseMs) {
      this.#setLevel(this.#level + 1, lagMs);
    } else if (this.#level > 0 && this.#lowSince !== undefined && now - this.#lowSince >= betterMs) {
      this.#lowSince = now;
      this.#setLevel(this.#level - 1, lagMs);
    }
  }

  /** What is counted of an event that means `cell`: all of it, unless it is left out now. */
  cellFor(event: AccessEvent, cell: Cell): Cell {
    const { endpointClass } = event;
    if (this.#level === 0 || event.outcome !== "ok" || !this.#shed.has(endpointClass)) return cell;
    this.#counts.set(endpointClass, (this.#counts.get(endpointClass) ?? 0) + 1);
    if (event.time > (this.#newest.get(endpointClass) ?? 0)) this.#newest.set(endpointClass, event.time);
    this.#options.onShed(endpointClass);
    return this.#leanOf(cell, event);
  }

  /** Whether what a detector has counted up to a moment of event time may lack something. */
  holdsBack(detector: BoundDetector, time: number): boolean {
    if (this.#newest.size === 0) return false;
    const reach = detector.lane.windowMs + 2 * detector.lane.bucketMs;
    return this.#gaps(detector).some((one) => time <= (this.#newest.get(one) ?? -Infinity) + reach);
  }

  save(): SavedShedding {
    return [...this.#newest];
  }

  load(saved: SavedShedding): void {
    for (const [endpointClass, time] of saved) this.#newest.set(endpointClass, time);
  }

  #setLevel(level: number, lagMs: number): void {
    const { report, clock } = this.#options;
    if (this.#level === 0) this.#counts.clear();
    this.#level = level;
    this.#changedAt = clock.monotonic();
    this.#shed = new Set(this.classes);
    if (level === 0) {
      report(`Everything is counted again. ${this.#left()}`);
      report(undefined);
      return;
    }
    const behind = formatDuration(Math.round(lagMs / 1000) * 1000);
    report(
      `Reading is ${behind} behind: successful requests of ${this.classes.join(", ")} are not counted by client or user. Who scrapes or floods those is not looked for. ${this.#left()}`,
    );
  }

  #left(): string {
    const parts = [...this.#counts].map(([one, count]) => `${count.toLocaleString("en")} of ${one}`);
    return parts.length === 0 ? "" : `Left out so far: ${parts.join(", ")}.`;
  }

  #leanOf(cell: Cell, event: AccessEvent): Cell {
    let lean = this.#lean.get(cell);
    if (lean === undefined) {
      const rest = cell.detectors.filter((detector) => !this.#gaps(detector).includes(event.endpointClass));
      lean = cellOf(rest, { awaiting: cell.awaiting, kind: event });
      this.#lean.set(cell, lean);
    }
    return lean;
  }

  /** The classes whose requests a detector lacks while they are left out. */
  #gaps(detector: BoundDetector): readonly EndpointClass[] {
    let gaps = this.#gapsOf.get(detector);
    if (gaps === undefined) {
      const { where, key } = detector.active.definition;
      const looksAt = (endpointClass: EndpointClass) =>
        eventKinds.some(
          (kind) => kind.endpointClass === endpointClass && kind.outcome === "ok" && chooses(where, kind),
        );
      const isOfTheSite = key.every((dimension) => ofTheSite.has(dimension));
      gaps = isOfTheSite ? [] : this.#options.config.classes.filter(looksAt);
      this.#gapsOf.set(detector, gaps);
    }
    return gaps;
  }
}
