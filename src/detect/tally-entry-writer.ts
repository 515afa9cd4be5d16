import { bitmapWords } from "./bitmap.ts";
import { samplesPerBucket } from "./bucket-ring.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { Lane } from "./lane.ts";
import { lastWidth, type Slot } from "./slot.ts";
import type { TallyBlockWriter } from "./tally-block-writer.ts";
import type { TallyLog } from "./tally-log.ts";

/** A key's observations in one lane. */
interface Entry {
  readonly lane: Lane;
  readonly log: TallyLog;
  /** The lane's counters of first times. */
  readonly firsts: readonly Slot[];
  readonly key: number;
  /** When the stretch of time began, epoch ms. */
  readonly begin: number;
}

/** Observations of one bucket that count the same. */
interface Group {
  readonly bucket: number;
  readonly combination: number;
  readonly places: number[];
}

/** Values of a bitmap; so many or more are written as one. */
const distinctValues = bitmapWords * 32;
export const mostListed = 31;

/** Writes what was observed of a key: in a lane that is in order one by one, else summed up by bucket. */
export function writeEntry(to: TallyBlockWriter, entry: Entry): void {
  const { lane, log, key, firsts } = entry;
  const first = log.first(key);
  // Most keys have one: nothing is to be chosen or summed up then.
  const isAlone = log.next(first) === 0;
  if (!isAlone) chooseSamples(to, entry);
  if (lane.isOrdered) writeOrdered(to, entry);
  else if (isAlone) writeAlone(to, entry, first);
  else writeGroups(to, entry);
  if (firsts.length > 0) writeFirsts(to.entries, entry);
}

// helpers

/** Keeps the earliest samples of each bucket, as a bucket would: by time, then by content, each once. */
function chooseSamples(to: TallyBlockWriter, { lane, log, key, begin }: Entry): void {
  const kept: number[] = [];
  for (let place = log.first(key); place !== 0; place = log.next(place)) if (log.isKept(place)) kept.push(place);
  if (kept.length <= samplesPerBucket) return;
  const hashAt = (place: number) => to.hashOf(log.event(place));
  const inOrder = kept.toSorted((a, b) => log.at(a) - log.at(b) || hashAt(a) - hashAt(b));
  const taken = new Map<number, number>();
  inOrder.forEach((place, i) => {
    const bucket = lane.bucketOf(begin + log.at(place));
    const before = inOrder[i - 1];
    const isTwice = before !== undefined && log.at(before) === log.at(place) && hashAt(before) === hashAt(place);
    const count = taken.get(bucket) ?? 0;
    if (isTwice || count === samplesPerBucket) log.drop(place);
    else taken.set(bucket, count + 1);
  });
}

/** A group of one. */
function writeAlone(to: TallyBlockWriter, { lane, log, begin }: Entry, place: number): void {
  const { entries } = to;
  const mask = log.mask(place);
  const isKept = log.isKept(place);
  entries.whole(1);
  entries.whole(lane.bucketOf(begin + log.at(place)) - lane.bucketOf(begin));
  entries.whole(to.combinationOf(mask, log.evidence(place)));
  entries.whole(isKept ? 3 : 2);
  if (isKept) {
    entries.whole(1);
    entries.whole(to.sampleOf(log.event(place)));
  }
  for (let left = mask; left !== 0; left &= left - 1) {
    const { kind, at } = lane.slots[31 - Math.clz32(left & -left)]!;
    if (kind === "count" || kind === "firstSeen") continue;
    const value = log.value(place, at);
    if (kind === "distinct") {
      entries.byte(1);
      entries.byte(value & (distinctValues - 1));
    } else if (kind === "quantile") {
      entries.whole(1);
      entries.whole(value);
      entries.whole(1);
    } else entries.number(value);
  }
}

function writeGroups(to: TallyBlockWriter, entry: Entry): void {
  const { lane, log } = entry;
  const { entries } = to;
  const groups = groupsOf(to, entry);
  entries.whole(groups.length);
  for (const { bucket, combination, places } of groups) {
    const samples = places.filter((place) => log.isKept(place)).map((place) => to.sampleOf(log.event(place)));
    entries.whole(bucket);
    entries.whole(combination);
    entries.whole(places.length * 2 + (samples.length > 0 ? 1 : 0));
    if (samples.length > 0) {
      entries.whole(samples.length);
      for (const sample of samples) entries.whole(sample);
    }
    for (let left = to.combinations[combination]!.mask; left !== 0; left &= left - 1) {
      const slot = lane.slots[31 - Math.clz32(left & -left)]!;
      writeColumn(entries, { slot, log, places });
    }
  }
}

function groupsOf(to: TallyBlockWriter, { lane, log, key, begin }: Entry): readonly Group[] {
  const groups: Group[] = [];
  const first = lane.bucketOf(begin);
  let group: Group | undefined;
  let known: Map<number, Group> | undefined;
  for (let place = log.first(key); place !== 0; place = log.next(place)) {
    const bucket = lane.bucketOf(begin + log.at(place)) - first;
    const combination = to.combinationOf(log.mask(place), log.evidence(place));
    if (group?.bucket !== bucket || group.combination !== combination) {
      // A bucket is a second at least.
      const number = combination * 64 + bucket;
      if (group !== undefined) known ??= new Map([[group.combination * 64 + group.bucket, group]]);
      group = known?.get(number);
      if (group === undefined) {
        group = { bucket, combination, places: [] };
        known?.set(number, group);
        groups.push(group);
      }
    }
    group.places.push(place);
  }
  return groups;
}

/** What a counter needs of some observations of one bucket, whichever of them it is of. */
function writeColumn(
  to: ByteWriter,
  { slot, log, places }: { slot: Slot; log: TallyLog; places: readonly number[] },
): void {
  const values = () => places.map((place) => log.value(place, slot.at));
  switch (slot.kind) {
    case "sum":
      return to.number(values().reduce((total, value) => total + value, 0));
    case "max":
      return to.number(values().reduce((most, value) => Math.max(most, value), -Infinity));
    case "distinct":
      return writeDistinct(to, values());
    case "quantile":
      return writeBins(to, values());
    default:
  }
}

/** Of a value's hash a bitmap takes the low bits alone. */
function writeDistinct(to: ByteWriter, hashes: readonly number[]): void {
  const bits = new Set(hashes.map((hash) => hash & (distinctValues - 1)));
  if (bits.size <= mostListed) {
    to.byte(bits.size);
    for (const bit of bits) to.byte(bit);
    return;
  }
  const bitmap = new Uint8Array(distinctValues / 8);
  for (const bit of bits) bitmap[bit >>> 3]! |= 1 << (bit & 7);
  to.byte(0);
  to.bytes(bitmap);
}

function writeBins(to: ByteWriter, bins: readonly number[]): void {
  const counts = new Map<number, number>();
  for (const bin of bins) counts.set(bin, (counts.get(bin) ?? 0) + 1);
  to.whole(counts.size);
  for (const [bin, count] of counts) {
    to.whole(bin);
    to.whole(count);
  }
}

function writeOrdered(to: TallyBlockWriter, { lane, log, key }: Entry): void {
  const { entries } = to;
  let count = 0;
  for (let place = log.first(key); place !== 0; place = log.next(place)) count++;
  entries.whole(count);
  for (let place = log.first(key); place !== 0; place = log.next(place)) {
    entries.whole(log.at(place));
    entries.word(to.hashOf(log.event(place)));
    entries.whole(to.combinationOf(log.mask(place), log.evidence(place)));
    entries.whole(log.isKept(place) ? to.sampleOf(log.event(place)) + 1 : 0);
    for (let left = log.mask(place); left !== 0; left &= left - 1) {
      const slot = lane.slots[31 - Math.clz32(left & -left)]!;
      if (slot.kind === "last") for (let v = 0; v < lastWidth; v++) entries.number(log.value(place, slot.at + v));
      else writeColumn(entries, { slot, log, places: [place] });
    }
  }
}

/** When values were seen: once for each value and second. */
function writeFirsts(to: ByteWriter, { log, key, firsts }: Entry): void {
  const seen = new Map<string, { slot: number; value: number; second: number }>();
  for (let place = log.first(key); place !== 0; place = log.next(place)) {
    firsts.forEach(({ bit, at }, slot) => {
      if ((log.mask(place) & bit) === 0) return;
      const one = { slot, value: log.value(place, at), second: Math.floor(log.at(place) / 1000) };
      seen.set(`${slot} ${one.value} ${one.second}`, one);
    });
  }
  to.whole(seen.size);
  for (const { slot, value, second } of seen.values()) {
    to.whole(slot);
    to.word(value);
    to.whole(second);
  }
}
