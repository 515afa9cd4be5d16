import type { AccessEvent } from "../normalize/access-event.ts";
import { ByteWriter } from "../detect/byte-writer.ts";
import { hashed, hashKey } from "../detect/hash.ts";
import { ActorMinute, type ActorFigures } from "./actor-minute.ts";
import { EndpointMinute, type EndpointCell, type EndpointFigures } from "./endpoint-minute.ts";

const minuteMs = 60_000;
/** Far more than come within the fraction of a second after which they are handed over. */
const maxCells = 20_000;
/** Roughly, of a place, and of an actor. */
const bytesPerCell = 30;

/** Figures in the order in which they are written; a bit for each says which are not 0. New ones are added at the end. */
export const countedFigures = [
  "requests", "s2xx", "s3xx", "s4xx", "s5xx", "s0", "s401", "s403", "s404", "s429", "ok", "failed", "denied", "limited",
  "enforced", "durationCount", "durationSumMs", "durationMaxMs",
] as const satisfies readonly (keyof EndpointFigures)[]; // prettier-ignore

/** The form's version; as for a tally (`src/detect/tally-form.ts`). */
export const minuteTallyVersion = 1;

interface Minute {
  readonly endpoints: EndpointMinute;
  readonly actors: ActorMinute;
}

/**
 * Counts events for rows of minutes that another process writes: each place and each actor goes to one
 * part of the keys, so that all parts together have each event once. Nothing is kept once it was taken.
 */
export class MinuteTallies {
  readonly #parts: number;
  readonly #minutes = new Map<number, Minute>();
  #last: { minute: number; counts: Minute } | undefined;
  #cells = 0;

  constructor(parts: number) {
    this.#parts = parts;
  }

  /** In bytes, roughly. */
  get size(): number {
    return this.#cells * bytesPerCell;
  }

  count(event: AccessEvent): void {
    const minute = Math.floor(event.time / minuteMs);
    if (this.#last?.minute !== minute) this.#last = { minute, counts: this.#at(minute) };
    const { endpoints, actors } = this.#last.counts;
    const before = endpoints.size + actors.size;
    endpoints.count(event);
    actors.count(event);
    this.#cells += endpoints.size + actors.size - before;
  }

  /** What was counted, for each part of the keys; and forgets it. */
  take(): readonly Uint8Array[] {
    const writers = Array.from({ length: this.#parts }, () => new PartWriter());
    for (const [minute, { endpoints, actors }] of this.#minutes) {
      const cells = writers.map((): { endpoints: EndpointCell[]; actors: ActorFigures[] } => ({
        ...{ endpoints: [], actors: [] },
      }));
      for (const cell of endpoints.cells) {
        const { route, method, country, gateway } = cell.figures;
        cells[this.#partOf(`${route}\n${method}\n${country}\n${gateway}`)]!.endpoints.push(cell);
      }
      for (const { figures } of actors.cells()) {
        cells[this.#partOf(`${figures.actor}\n${figures.route}`)]!.actors.push(figures);
      }
      writers.forEach((writer, part) => writer.minute(minute, cells[part]!));
    }
    this.#minutes.clear();
    this.#last = undefined;
    this.#cells = 0;
    return writers.map((writer) => writer.take());
  }

  #at(minute: number): Minute {
    let counts = this.#minutes.get(minute);
    if (counts === undefined) {
      counts = { endpoints: new EndpointMinute(maxCells), actors: new ActorMinute(maxCells) };
      this.#minutes.set(minute, counts);
    }
    return counts;
  }

  #partOf(name: string): number {
    if (this.#parts === 1) return 0;
    hashKey(name);
    return hashed.hi % this.#parts;
  }
}

// helpers

/** Writes one part's minutes; a text once, and then its number. */
class PartWriter {
  readonly #minutes = new ByteWriter();
  readonly #texts = new ByteWriter();
  readonly #numbers = new Map<string, number>();

  minute(minute: number, cells: { endpoints: readonly EndpointCell[]; actors: readonly ActorFigures[] }): void {
    const to = this.#minutes;
    if (cells.endpoints.length + cells.actors.length === 0) return;
    to.whole(minute);
    to.whole(cells.endpoints.length);
    for (const cell of cells.endpoints) this.#endpoint(cell, minute * minuteMs);
    to.whole(cells.actors.length);
    for (const { actor, route, requests, failures, refusals } of cells.actors) {
      for (const text of [actor, route]) to.whole(this.#number(text));
      for (const count of [requests, failures, refusals]) to.whole(count);
    }
  }

  /** Nothing where nothing was counted. */
  take(): Uint8Array {
    if (this.#minutes.length === 0) return new Uint8Array();
    const to = new ByteWriter();
    to.byte(minuteTallyVersion);
    to.whole(this.#numbers.size);
    to.bytes(this.#texts.view());
    to.bytes(this.#minutes.view());
    return to.take();
  }

  #endpoint({ figures, times }: EndpointCell, begin: number): void {
    const to = this.#minutes;
    const { route, method, country, gateway, endpointClass } = figures;
    for (const text of [route, method, country, gateway, endpointClass, times.owner]) to.whole(this.#number(text));
    let has = 0;
    countedFigures.forEach((figure, i) => (has |= figures[figure] === 0 ? 0 : 1 << i));
    to.whole(has);
    for (const figure of countedFigures) if (figures[figure] !== 0) to.number(figures[figure]);
    const buckets = figures.latencyBuckets.flatMap((count, bucket) => (count === 0 ? [] : [{ bucket, count }]));
    to.whole(buckets.length);
    for (const { bucket, count } of buckets) {
      to.whole(bucket);
      to.whole(count);
    }
    to.byte(times.listed === null ? 0 : times.listed ? 1 : 2);
    for (const time of [times.firstSeen, times.lastSeen]) to.whole(time - begin);
    for (const time of [times.lastOkAt, times.lastAnonymousOkAt]) to.whole(time === null ? 0 : time - begin + 1);
  }

  #number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
      this.#texts.text(text);
    }
    return number;
  }
}
