import { ByteWriter } from "./byte-writer.ts";
import type { SeenFields } from "./coverage.ts";
import { dimensionOf } from "./dimension.ts";
import type { KeyDivision } from "./key-division.ts";
import type { KeySpace } from "./key-space.ts";
import { TallyBlockWriter } from "./tally-block-writer.ts";
import { writeFacts } from "./tally-facts.ts";
import { numberedFields, numberedOrigins, partOf, sectionOf, stretchMs, tallyVersion } from "./tally-form.ts";
import type { TallyKeys } from "./tally-keys.ts";
import type { NamedLane } from "./tally-plan.ts";
import type { TallyStretch } from "./tally-stretch.ts";

const secondsOfStretch = stretchMs / 1000;

export interface TallyWriterOptions {
  readonly partition: string;
  readonly parts: number;
  readonly spaces: readonly KeySpace[];
  readonly lanes: readonly NamedLane[];
  /** 32 bits for each detector. */
  readonly detectors: readonly number[];
  readonly division: KeyDivision;
}

/** Writes what was counted of one source partition: a tally for each part of the keys, and one of the traffic. */
export class TallyWriter {
  /** By part: lines that came twice. */
  readonly repeated: Uint32Array;
  readonly #options: TallyWriterOptions;
  /** By part: events that were read. */
  readonly #events: Uint32Array;
  /** Up to which event time it was read; 0: nothing was. */
  #mark = 0;
  /** By part, and last of the traffic: stretches of time that are complete. */
  readonly #stretches: readonly ByteWriter[];
  readonly #block = new TallyBlockWriter();
  readonly #blockBytes = new ByteWriter();
  readonly #one = new ByteWriter();
  readonly #shared = new ByteWriter();

  constructor(options: TallyWriterOptions) {
    this.#options = options;
    this.repeated = new Uint32Array(options.parts);
    this.#events = new Uint32Array(options.parts);
    this.#stretches = Array.from({ length: options.parts + 1 }, () => new ByteWriter());
  }

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#stretches.reduce((sum, { length }) => sum + length, 0);
  }

  /** An event was read, with which its partition is read up to this event time. */
  read(part: number, upTo: number): void {
    this.#events[part]!++;
    if (upTo > this.#mark) this.#mark = upTo;
  }

  /** Writes what was counted of a stretch of time. */
  stretch(of: TallyStretch): void {
    const { parts, division } = this.#options;
    const facts = of.facts.take();
    const shared = this.#shared;
    shared.clear();
    this.#blockBytes.clear();
    const chosen = of.keys.map((keys) => this.#divided(keys));
    this.#write(of, (s) => (division.isShared(of.keys[s]!.space) ? chosen[s]![0]! : []));
    writeSection(shared, partOf.shared, this.#blockBytes);
    this.#blockBytes.clear();
    writeFacts(this.#blockBytes, facts, { begin: of.begin, whom: "engine" });
    writeSection(shared, partOf.facts, this.#blockBytes);
    for (let part = 0; part < parts; part++) {
      const one = this.#begin(of);
      one.bytes(shared.view());
      this.#blockBytes.clear();
      this.#write(of, (s) => (division.isShared(of.keys[s]!.space) ? [] : chosen[s]![part]!));
      writeSection(one, partOf.own, this.#blockBytes);
      this.#blockBytes.clear();
      const seconds = of.seconds.subarray(part * secondsOfStretch, (part + 1) * secondsOfStretch);
      seconds.forEach((count, second) => {
        if (count === 0) return;
        this.#blockBytes.whole(second);
        this.#blockBytes.whole(count);
      });
      writeSection(one, partOf.seconds, this.#blockBytes);
      writeSection(this.#stretches[part]!, sectionOf.stretch, one);
    }
    const one = this.#begin(of);
    this.#blockBytes.clear();
    writeFacts(this.#blockBytes, facts, { begin: of.begin, whom: "responder" });
    writeSection(one, partOf.facts, this.#blockBytes);
    writeSection(this.#stretches[parts]!, sectionOf.stretch, one);
  }

  /** Everything, which is forgotten. `minutes`: by part, as it is. */
  take(more: { readonly seen: SeenFields; readonly minutes: readonly Uint8Array[] | undefined }) {
    const { parts, detectors } = this.#options;
    const coverage = this.#coverage(more.seen);
    const tables = new ByteWriter();
    for (const detector of detectors) tables.word(detector);
    const records = Array.from({ length: parts }, (_, part) => {
      const to = this.#head(part);
      writeSection(to, sectionOf.detectors, tables);
      writeSection(to, sectionOf.coverage, coverage);
      to.bytes(this.#stretches[part]!.view());
      const minutes = more.minutes?.[part];
      if (minutes !== undefined && minutes.length > 0) {
        to.whole(sectionOf.minutes);
        to.sized(minutes);
      }
      return whole(to);
    });
    const traffic = this.#head(undefined);
    traffic.bytes(this.#stretches[parts]!.view());
    for (const stretch of this.#stretches) stretch.clear();
    this.#events.fill(0);
    this.repeated.fill(0);
    this.#mark = 0;
    return { parts: records, traffic: whole(traffic) };
  }

  /** What each tally begins with. `part`: none in the one of the traffic, where all parts are counted. */
  #head(part: number | undefined): ByteWriter {
    const { partition, parts } = this.#options;
    const sum = (counts: Uint32Array) => (part === undefined ? counts.reduce((a, b) => a + b, 0) : counts[part]!);
    const to = new ByteWriter();
    to.text(partition);
    to.whole(part === undefined ? parts : part);
    to.whole(parts);
    to.whole(this.#mark);
    to.whole(sum(this.#events));
    to.whole(sum(this.repeated));
    return to;
  }

  #begin({ begin, latest }: TallyStretch): ByteWriter {
    const one = this.#one;
    one.clear();
    one.whole(begin / stretchMs);
    one.whole(latest - begin);
    return one;
  }

  /** Writes the keys of each space that are chosen, with what was observed of them. */
  #write(of: TallyStretch, chosenOf: (space: number) => readonly number[]): void {
    const { lanes } = this.#options;
    this.#block.begin(of);
    of.keys.forEach((keys, s) => {
      const chosen = chosenOf(s);
      if (chosen.length === 0) return;
      const logs = lanes.flatMap((lane, l) => (lane.space === keys.space ? [{ lane, log: of.logs[l]! }] : []));
      this.#block.space(keys, chosen, logs);
    });
    this.#block.writeTo(this.#blockBytes);
  }

  /** A space's keys by part; those that all parts have are in the first list. */
  #divided(keys: TallyKeys): number[][] {
    const { division, parts } = this.#options;
    const { space } = keys;
    const lists = Array.from({ length: parts }, (): number[] => []);
    const isShared = division.isShared(space);
    for (let key = 0; key < keys.size; key++) {
      let part = isShared ? 0 : division.partOfHash(space, keys.hi[key]!);
      if (part === -1) {
        const event = keys.events[key]!;
        part = division.partOf(space, space.dimensions.map((dimension) => dimensionOf(event, dimension) ?? "")); // prettier-ignore
      }
      lists[part]!.push(key);
    }
    return lists;
  }

  /** Which detectors looked at how many events with which fields, by gateway; and how many they wait for. */
  #coverage({ looked, awaited }: SeenFields): ByteWriter {
    const to = new ByteWriter();
    if (looked.length === 0 && awaited.length === 0) return to;
    to.whole(awaited.length);
    for (const { detector, count } of awaited) {
      to.whole(detector);
      to.whole(count);
    }
    for (const { gateway, origin, detectors, fields, count } of looked) {
      to.text(gateway);
      to.byte(numberedOrigins.indexOf(origin));
      to.bytes(bitsOf(detectors, this.#options.detectors.length));
      to.sized(bitsOf(fields.map((field) => numberedFields.indexOf(field)), numberedFields.length)); // prettier-ignore
      to.whole(count);
    }
    return to;
  }
}

// helpers

/** Says how long it is, so that one that was cut off is known by it. */
function whole(tally: ByteWriter): Buffer {
  const to = new ByteWriter();
  to.byte(tallyVersion);
  to.sized(tally.view());
  return to.take();
}

/** Left out where there is nothing in it. */
function writeSection(to: ByteWriter, id: number, section: ByteWriter): void {
  if (section.length === 0) return;
  to.whole(id);
  to.sized(section.view());
}

function bitsOf(numbers: readonly number[], of: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(of / 8));
  for (const number of numbers) bits[number >>> 3]! |= 1 << (number & 7);
  return bits;
}
