import type { AccessEvent } from "../normalize/access-event.ts";
import { endpointClasses, outcomes } from "../normalize/access-event.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { DetectorSet } from "./detector-sets.ts";
import { dimensionOf, dimensions } from "./dimension.ts";
import { contentHash } from "./sample.ts";
import type { TallyKeys } from "./tally-keys.ts";
import type { NamedLane } from "./tally-plan.ts";
import type { TallyLog } from "./tally-log.ts";
import { writeEntry } from "./tally-entry-writer.ts";
import { numberedTrust } from "./tally-form.ts";

/** Events of a stretch of time, by number, and of those that may be kept whose evidence they are. */
export interface TalliedEvents {
  readonly begin: number;
  readonly events: readonly AccessEvent[];
  readonly sets: readonly (DetectorSet | undefined)[];
}

/** What one lane counts of an observation: its bits. */
export interface Combination {
  readonly mask: number;
  readonly evidence: number;
}

/**
 * Writes keys with what was observed of them. Texts, sets of detectors and samples are written once, where
 * they come first, and said by their numbers then.
 */
export class TallyBlockWriter {
  /** Of the lane at hand: each key's observations, and by number what they count. */
  readonly entries = new ByteWriter();
  readonly combinations: Combination[] = [];
  /** By mask, then evidence. */
  readonly #combinations = new Map<number, Map<number, number>>();
  readonly #texts = new ByteWriter();
  readonly #numbers = new Map<string, number>();
  readonly #sets = new ByteWriter();
  readonly #setNumbers = new Map<DetectorSet, number>();
  readonly #samples = new ByteWriter();
  readonly #sampleNumbers = new Map<number, number>();
  readonly #hashes = new Map<number, number>();
  readonly #keys = new ByteWriter();
  readonly #lanes = new ByteWriter();
  readonly #spaces = new ByteWriter();
  #of!: TalliedEvents;

  /** What follows is of these events. */
  begin(of: TalliedEvents): void {
    this.#of = of;
    this.#hashes.clear();
  }

  /** Adds some keys of a space, with what their logs say. */
  space(keys: TallyKeys, chosen: readonly number[], logs: readonly { lane: NamedLane; log: TallyLog }[]): void {
    if (chosen.length === 0) return;
    const { space } = keys;
    const all = this.#keys;
    all.clear();
    all.whole(space.dimensions.length);
    for (const dimension of space.dimensions) all.whole(dimensions.indexOf(dimension));
    all.whole(chosen.length);
    for (const key of chosen) {
      const event = keys.events[key]!;
      for (const dimension of space.dimensions) all.whole(this.textNumber(dimensionOf(event, dimension)) - 1);
    }
    for (const { lane, log } of logs) if (log.size > 0) this.#lane(lane, log, chosen);
    this.#spaces.sized(all.view());
  }

  /** The number of a text and one; 0 stands for none. */
  textNumber(text: string | undefined): number {
    if (text === undefined) return 0;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      this.#texts.text(text);
      number = this.#numbers.size + 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The number of a combination of bits in the lane at hand. */
  combinationOf(mask: number, evidence: number): number {
    let numbers = this.#combinations.get(mask);
    if (numbers === undefined) this.#combinations.set(mask, (numbers = new Map()));
    let number = numbers.get(evidence);
    if (number === undefined) {
      number = this.combinations.push({ mask, evidence }) - 1;
      numbers.set(evidence, number);
    }
    return number;
  }

  /** The event's content as 32 bits. */
  hashOf(event: number): number {
    let hash = this.#hashes.get(event);
    if (hash === undefined) this.#hashes.set(event, (hash = contentHash(this.#of.events[event]!)));
    return hash;
  }

  /** The number of the sample that is made of an event. */
  sampleOf(number: number): number {
    const known = this.#sampleNumbers.get(number);
    if (known !== undefined) return known;
    const event = this.#of.events[number]!;
    const to = this.#samples;
    to.whole(event.time - this.#of.begin);
    to.word(this.hashOf(number));
    to.whole(this.#setNumber(this.#of.sets[number]!));
    to.byte(numberedTrust.indexOf(event.clientIpTrust));
    to.byte(endpointClasses.indexOf(event.endpointClass));
    to.byte(outcomes.indexOf(event.outcome));
    to.number(event.status);
    const { owner, gateway, clientIp, clientKey, method, path, route, userId, country, userAgent, requestId } = event;
    for (const text of [
      owner,
      gateway,
      clientIp,
      clientKey,
      method,
      path,
      route,
      userId,
      country,
      userAgent,
      requestId,
    ])
      to.whole(this.textNumber(text));
    const made = this.#sampleNumbers.size;
    this.#sampleNumbers.set(number, made);
    return made;
  }

  /** Everything that was added, which is forgotten; nothing when nothing was. */
  writeTo(to: ByteWriter): void {
    if (this.#spaces.length > 0) {
      to.whole(this.#numbers.size);
      to.bytes(this.#texts.view());
      to.whole(this.#setNumbers.size);
      to.bytes(this.#sets.view());
      to.whole(this.#sampleNumbers.size);
      to.bytes(this.#samples.view());
      to.bytes(this.#spaces.view());
    }
    for (const writer of [this.#texts, this.#sets, this.#samples, this.#spaces]) writer.clear();
    for (const numbers of [this.#numbers, this.#setNumbers, this.#sampleNumbers]) numbers.clear();
  }

  #lane({ id, lane, firsts }: NamedLane, log: TallyLog, chosen: readonly number[]): void {
    const { entries } = this;
    entries.clear();
    this.combinations.length = 0;
    this.#combinations.clear();
    let before = -1;
    chosen.forEach((key, place) => {
      if (log.first(key) === 0) return;
      entries.whole(place - before - 1);
      before = place;
      writeEntry(this, { lane, log, firsts, key, begin: this.#of.begin });
    });
    if (before === -1) return;
    const to = this.#lanes;
    to.clear();
    to.whole(this.combinations.length);
    for (const { mask, evidence } of this.combinations) {
      to.whole(mask);
      to.whole(evidence);
    }
    to.bytes(entries.view());
    this.#keys.word(Number.parseInt(id.slice(0, 8), 16));
    this.#keys.word(Number.parseInt(id.slice(8), 16));
    this.#keys.sized(to.view());
  }

  #setNumber(set: DetectorSet): number {
    let number = this.#setNumbers.get(set);
    if (number === undefined) {
      this.#sets.whole(set.length);
      for (const index of set) this.#sets.whole(index);
      number = this.#setNumbers.size;
      this.#setNumbers.set(set, number);
    }
    return number;
  }
}
