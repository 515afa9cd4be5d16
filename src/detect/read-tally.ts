import { ByteReader, BytesError } from "./byte-reader.ts";
import type { SeenFields } from "./coverage.ts";
import { readFacts } from "./tally-facts.ts";
import { numberedFields, numberedOrigins, partOf, sectionOf, stretchMs, tallyVersion } from "./tally-form.ts";
import { type ReadBlock, readBlock } from "./read-tally-block.ts";
import type { NamedLane } from "./tally-plan.ts";
import type { TrafficFacts } from "./traffic-facts.ts";

/** Ten thousand years: what is later is no time. */
const lastStretch = 3e14 / stretchMs;

/** A tally, as far as its stretches of time, which are read when their turn comes. */
export interface Tally {
  /** The source partition whose events were counted. */
  readonly partition: string;
  /** Which of so many parts of the keys; one more than there are: of the traffic. */
  readonly part: number;
  readonly parts: number;
  /** Up to which event time the partition was read, epoch ms; 0: nothing was. */
  readonly mark: number;
  /** Events that were read, and those among them that came twice; each in one part. */
  readonly events: number;
  readonly repeated: number;
  readonly stretches: readonly StretchBytes[];
  readonly seen: SeenFields;
  /** What the store counts by the minute, as it was given. */
  readonly minutes: Uint8Array | undefined;
}

/** One stretch of time, not read yet; plain data. */
export interface StretchBytes {
  /** Epoch ms. */
  readonly begin: number;
  readonly latest: number;
  readonly bytes: Uint8Array;
  /** By number in it, 32 bits for each detector. */
  readonly detectors: readonly number[];
}

/** What was counted in one stretch of time. */
export interface ReadStretch {
  readonly blocks: readonly ReadBlock[];
  readonly facts: TrafficFacts | undefined;
  /** How many events detectors looked at in each second. */
  readonly seconds: readonly { readonly second: number; readonly count: number }[];
}

/** Whoever reads a tally: the lanes and detectors that it has. */
export interface TallyReaderPlan {
  /** By name. */
  readonly lanes: ReadonlyMap<string, NamedLane>;
  /** By 32 bits: a detector's number. */
  readonly detectors: ReadonlyMap<number, number>;
}

/** What could not be read, and why. */
export interface Unreadable {
  readonly problem: string;
}

/** Reads a tally; bytes that are none are a problem that says why. */
export function readTally(bytes: Uint8Array, plan: TallyReaderPlan): Tally | Unreadable {
  return orProblem(() => {
    const all = new ByteReader(bytes);
    const version = all.byte();
    if (version !== tallyVersion) return { problem: `a tally of version ${version}, and this is ${tallyVersion}` };
    const from = new ByteReader(all.sized());
    if (!all.isAtEnd) return { problem: "a tally, and more bytes after it" };
    const partition = from.text();
    const part = from.whole();
    const parts = from.whole();
    const [mark, events, repeated] = [from.whole(), from.whole(), from.whole()];
    let detectors: number[] = [];
    let seen: SeenFields = { looked: [], awaited: [] };
    let minutes: Uint8Array | undefined;
    const stretches: StretchBytes[] = [];
    while (!from.isAtEnd) {
      const section = from.whole();
      const content = from.sized();
      if (section === sectionOf.detectors) detectors = wordsOf(content);
      else if (section === sectionOf.coverage) seen = readCoverage(new ByteReader(content), { detectors, plan });
      else if (section === sectionOf.minutes) minutes = content;
      else if (section === sectionOf.stretch) stretches.push(beginOf(content, detectors));
    }
    return { partition, part, parts, mark, events, repeated, stretches, seen, minutes };
  });
}

/** Reads what was counted in one stretch of time. */
export function readStretch(of: StretchBytes, plan: TallyReaderPlan): ReadStretch | Unreadable {
  return orProblem(() => {
    const from = new ByteReader(of.bytes);
    const blocks: ReadBlock[] = [];
    let facts: TrafficFacts | undefined;
    const seconds: { second: number; count: number }[] = [];
    const detectors = of.detectors.map((detector) => plan.detectors.get(detector));
    while (!from.isAtEnd) {
      const section = from.whole();
      const content = new ByteReader(from.sized());
      if (section === partOf.shared || section === partOf.own) {
        blocks.push(readBlock(content, { begin: of.begin, lanes: plan.lanes, detectors }));
      } else if (section === partOf.facts) facts = readFacts(content, of.begin);
      else if (section === partOf.seconds) {
        while (!content.isAtEnd)
          seconds.push({ second: content.below(stretchMs / 1000, "a second"), count: content.whole() });
      }
    }
    return { blocks, facts, seconds };
  });
}

// helpers

function orProblem<T>(read: () => T | Unreadable): T | Unreadable {
  try {
    return read();
  } catch (error) {
    if (error instanceof BytesError) return { problem: error.message };
    throw error;
  }
}

function wordsOf(bytes: Uint8Array): number[] {
  const from = new ByteReader(bytes);
  const words: number[] = [];
  while (!from.isAtEnd) words.push(from.word());
  return words;
}

function beginOf(content: Uint8Array, detectors: readonly number[]): StretchBytes {
  const from = new ByteReader(content);
  const begin = from.below(lastStretch, "a time") * stretchMs;
  const latest = begin + from.below(stretchMs, "a time within its stretch");
  return { begin, latest, detectors, bytes: from.rest() };
}

function readCoverage(
  from: ByteReader,
  { detectors, plan }: { detectors: readonly number[]; plan: TallyReaderPlan },
): SeenFields {
  if (from.isAtEnd) return { looked: [], awaited: [] };
  const known = (number: number) => {
    const index = plan.detectors.get(detectors[number] ?? -1);
    return index === undefined ? [] : [index];
  };
  const awaited = Array.from({ length: from.count(2, "fewer of them") }, () => ({
    detector: from.whole(),
    count: from.whole(),
  })).flatMap(({ detector, count }) => known(detector).map((index) => ({ detector: index, count })));
  const looked = [];
  while (!from.isAtEnd) {
    const gateway = from.text();
    const origin = numberedOrigins[from.byte()] ?? from.fail("an origin");
    const asked = numbersOf(from.bytes(Math.ceil(detectors.length / 8))).flatMap(known);
    const fields = numbersOf(from.sized()).flatMap((number) => numberedFields[number] ?? []);
    looked.push({ gateway, origin, detectors: asked, fields, count: from.whole() });
  }
  return { looked, awaited };
}

function numbersOf(bits: Uint8Array): number[] {
  return [...bits].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => ((byte >>> bit) & 1 ? [at * 8 + bit] : [])),
  );
}
