import { endpointClasses, outcomes } from "../normalize/access-event.ts";
import { bitmapWords } from "./bitmap.ts";
import { ByteReader } from "./byte-reader.ts";
import type { DetectorSet } from "./detector-sets.ts";
import { type Dimension, dimensions } from "./dimension.ts";
import type { Lane } from "./lane.ts";
import type { Sample } from "./sample.ts";
import { sketchBins } from "./sketch.ts";
import { lastWidth, type Slot } from "./slot.ts";
import { listOf } from "./tally-facts.ts";
import { numberedTrust, stretchMs } from "./tally-form.ts";
import type { NamedLane } from "./tally-plan.ts";

/** Keys with what was observed of them. */
export interface ReadBlock {
  readonly spaces: readonly ReadSpace[];
  /** Lanes that count something else here, or nothing. */
  readonly unknownLanes: number;
}

export interface ReadSpace {
  readonly dimensions: readonly Dimension[];
  /** Each key by its parts. */
  readonly keys: readonly (readonly string[])[];
  readonly lanes: readonly { readonly lane: Lane; readonly entries: readonly ReadEntry[] }[];
}

/** What was observed of one key in one lane. */
export interface ReadEntry {
  readonly key: number;
  readonly groups: readonly ReadGroup[];
  /** By the lane's counters of first times: values, and the seconds (of the epoch) in which they were seen. */
  readonly firsts: readonly { readonly slot: number; readonly value: number; readonly second: number }[];
}

/** Observations that count the same, in one bucket; where they are in order, one alone. */
export interface ReadGroup {
  /** Epoch ms; where they are in no order, when the bucket began. */
  readonly time: number;
  readonly hash: number;
  readonly mask: number;
  readonly evidence: number;
  readonly count: number;
  readonly samples: readonly Sample[];
  /** For each slot of the mask: a sum, a largest value, values of a bitmap, bins and their counts, what is remembered. */
  readonly columns: readonly (readonly number[])[];
}

interface Tables {
  readonly begin: number;
  readonly lanes: ReadonlyMap<string, NamedLane>;
  /** By number in the tally: a detector's number here. */
  readonly detectors: readonly (number | undefined)[];
}

/** Reads a block; throws `BytesError`. */
export function readBlock(from: ByteReader, tables: Tables): ReadBlock {
  const spaces: ReadSpace[] = [];
  let unknownLanes = 0;
  const texts = listOf(from, 1, () => from.text());
  const sets = listOf(from, 1, () => readSet(from, tables.detectors));
  const samples = listOf(from, 20, () => readSample(from, { texts, sets, begin: tables.begin }));
  while (!from.isAtEnd) {
    const { unknown, ...space } = readSpace(new ByteReader(from.sized()), { ...tables, texts, samples });
    spaces.push(space);
    unknownLanes += unknown;
  }
  return { spaces, unknownLanes };
}

// helpers

interface BlockTables extends Tables {
  readonly texts: readonly string[];
  readonly samples: readonly Sample[];
}

function readSet(from: ByteReader, detectors: Tables["detectors"]): DetectorSet {
  const set = listOf(from, 1, () => detectors[from.whole()]).filter((index) => index !== undefined);
  return set.sort((a, b) => a - b);
}

function readSample(
  from: ByteReader,
  { texts, sets, begin }: { texts: readonly string[]; sets: readonly DetectorSet[]; begin: number },
): Sample {
  const time = begin + from.below(stretchMs, "a time within its stretch");
  const hash = from.word();
  const detectors = sets[from.below(sets.length, "a set of detectors")]!;
  const clientIpTrust = numberedTrust[from.byte()] ?? from.fail("how sure an address is");
  const endpointClass = endpointClasses[from.byte()] ?? from.fail("a class of endpoints");
  const outcome = outcomes[from.byte()] ?? from.fail("an outcome");
  const status = from.number();
  const text = () => {
    const number = from.below(texts.length + 1, "the number of a text");
    return number === 0 ? undefined : texts[number - 1]!;
  };
  const owner = text();
  const gateway = text() ?? "";
  const [clientIp, clientKey, method, path, route] = [text(), text(), text() ?? "", text() ?? "", text() ?? ""];
  const [userId, country, userAgent, requestId] = [text(), text(), text(), text()];
  const who = { gateway, clientIp, clientKey, clientIpTrust };
  const what = { method, path, route, endpointClass, status, outcome };
  return { time, hash, detectors, owner, event: { time, ...who, ...what, userId, country, userAgent, requestId } };
}

function readSpace(from: ByteReader, tables: BlockTables): ReadSpace & { unknown: number } {
  const named = listOf(from, 1, () => dimensions[from.whole()] ?? from.fail("a dimension"));
  const { texts } = tables;
  const textOf = () => texts[from.below(texts.length, "the number of a text")]!;
  const keys = listOf(from, Math.max(1, named.length), () => named.map(textOf));
  const lanes: { lane: Lane; entries: readonly ReadEntry[] }[] = [];
  let unknown = 0;
  while (!from.isAtEnd) {
    const id = hex(from.word()) + hex(from.word());
    const content = new ByteReader(from.sized());
    const known = tables.lanes.get(id);
    if (known === undefined || known.space.dimensions.join() !== named.join()) unknown++;
    else lanes.push({ lane: known.lane, entries: readEntries(content, known.lane, { ...tables, keys: keys.length }) });
  }
  return { dimensions: named, keys, lanes, unknown };
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

interface Combination {
  readonly mask: number;
  readonly evidence: number;
  readonly slots: readonly Slot[];
}

function readEntries(from: ByteReader, lane: Lane, of: BlockTables & { keys: number }): ReadEntry[] {
  const { slots, judges } = lane;
  const combinations = listOf(from, 2, (): Combination => {
    const mask = from.below(2 ** slots.length, "bits of counters");
    const evidence = from.below(2 ** judges.indexes.length, "bits of detectors");
    return { mask, evidence, slots: slots.filter(({ bit }) => (mask & bit) !== 0) };
  });
  const combinationOf = () => combinations[from.below(combinations.length, "bits")]!;
  const sampleOf = () => of.samples[from.below(of.samples.length, "the number of a sample")]!;
  const firsts = slots.filter(({ kind }) => kind === "firstSeen");
  const firstBucket = lane.bucketOf(of.begin);
  const buckets = Math.ceil(stretchMs / lane.bucketMs) + 1;
  const entries: ReadEntry[] = [];
  const columnsOf = (matched: readonly Slot[], count: number) => {
    const columns: number[][] = [];
    for (const slot of matched) columns.push(readColumn(from, slot, count));
    return columns;
  };
  const summed = (): ReadGroup => {
    const time = (firstBucket + from.below(buckets, "a bucket")) * lane.bucketMs;
    const { mask, evidence, slots: matched } = combinationOf();
    const head = from.whole();
    const count = Math.floor(head / 2);
    if (count === 0) from.fail("at least one observation");
    const samples = head % 2 === 1 ? listOf(from, 1, sampleOf) : [];
    if (samples.length > count) from.fail("no more samples than observations");
    return { time, hash: 0, mask, evidence, count, samples, columns: columnsOf(matched, count) }; // prettier-ignore
  };
  const ordered = (): ReadGroup => {
    const time = of.begin + from.below(stretchMs, "a time within its stretch");
    const hash = from.word();
    const { mask, evidence, slots: matched } = combinationOf();
    const sample = from.below(of.samples.length + 1, "the number of a sample");
    const samples = sample === 0 ? [] : [of.samples[sample - 1]!];
    return { time, hash, mask, evidence, count: 1, samples, columns: columnsOf(matched, 1) };
  };
  for (let key = -1; !from.isAtEnd;) {
    key += 1 + from.whole();
    if (key >= of.keys) from.fail("the number of a key");
    const groups = listOf(from, 3, lane.isOrdered ? ordered : summed);
    const seen =
      firsts.length === 0
        ? []
        : listOf(from, 6, () => ({
            slot: from.below(firsts.length, "a counter of first times"),
            value: from.word(),
            second: of.begin / 1000 + from.below(stretchMs / 1000, "a second"),
          }));
    entries.push({ key, groups, firsts: seen });
  }
  return entries;
}

function readColumn(from: ByteReader, { kind }: Slot, count: number): number[] {
  switch (kind) {
    case "sum":
    case "max":
      return [from.number()];
    case "distinct":
      return readDistinct(from, count);
    case "quantile":
      return readBins(from, count);
    case "last":
      return Array.from({ length: lastWidth }, () => from.number());
    default:
      return [];
  }
}

function readDistinct(from: ByteReader, count: number): number[] {
  const listed = from.byte();
  const bytes = from.bytes(listed === 0 ? bitmapWords * 4 : listed);
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (listed > 0) values.push(bytes[at]!);
    else for (let left = bytes[at]!; left !== 0; left &= left - 1) values.push(at * 8 + 31 - Math.clz32(left & -left));
  }
  return values.length > 0 && values.length <= count ? values : from.fail("a value for each observation at most");
}

/** Bins, each followed by its count. */
function readBins(from: ByteReader, count: number): number[] {
  const pairs = listOf(from, 2, () => [from.below(sketchBins, "a bin"), from.whole()]).flat();
  let sum = 0;
  for (let i = 1; i < pairs.length; i += 2) sum += pairs[i]!;
  return sum === count ? pairs : from.fail("as many values as observations");
}
