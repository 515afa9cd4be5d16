import {
  firstShared,
  headWords,
  type LanePart,
  mostCoded,
  mostNarrow,
  type ObservationKind,
  ObservationKinds,
  ownWord,
  ownWords,
  type Sight,
} from "./observation-kinds.ts";
import { picked } from "./picked.ts";
import { lastWidth } from "./slot.ts";

/** Words in one stretch of memory: 256 KiB. */
const segmentBits = 16;
const perSegment = 1 << segmentBits;
const within = perSegment - 1;
/** A record's second word: its kind, and above it the upper bits of its time. */
const kindBits = 18;
const kindMask = (1 << kindBits) - 1;
const wordSize = 2 ** 32;
/** A lane's numbers at two words each, a hash, and a sample. */
const mostFresh = 31 * lastWidth * 2 + 2;

/** What is to be kept of an event for one lane. */
export interface Observed {
  /** Epoch ms. */
  readonly time: number;
  readonly hash: number;
  /** The number of its sample, or 0. */
  readonly sample: number;
}

/**
 * What was observed of the rows of one key space, one by one. An event that several lanes count is one
 * record, which each of them adds its part to and drops it from: most windows of a key see the same
 * events, and the same values in them. Records are of as many words as they need, each row's in a chain;
 * memory is taken in segments and used again.
 */
export class Observations {
  #kinds = new ObservationKinds();
  #heads: Uint32Array;
  #segments: Uint32Array[] = [];
  /** Of each segment, whether somebody holds it as it was: it is written to no more, a copy of it is. */
  readonly #isHeld: boolean[] = [];
  /** By number of words: the first record that is free. */
  readonly #free: number[] = [];
  /** Where the segment that was taken last is used up to; no record is at 0. */
  #end = perSegment;
  /** Of the values being added: words to append, and words that they may share. */
  readonly #fresh = new Uint32Array(mostFresh);
  #freshWords = 0;
  readonly #narrow = new Uint32Array(mostNarrow);
  /** The time of what was added last, in two words. */
  #time = -1;
  #upper = 0;
  #lower = 0;
  readonly #double = new Float64Array(1);
  readonly #halves = new Uint32Array(this.#double.buffer);

  constructor(rows: number) {
    this.#heads = new Uint32Array(rows);
  }

  /** What these rows hold now, by their places, whatever comes; of a segment that is written to meanwhile there are two. */
  held(rows: readonly number[]): Pick<Observations, "first" | "next" | "part" | "time" | "hash" | "sample" | "value"> {
    const held = new Observations(0);
    held.#kinds = this.#kinds;
    held.#heads = picked(this.#heads, rows);
    held.#segments = [...this.#segments];
    this.#isHeld.fill(true);
    return held;
  }

  /** Memory that it has taken. */
  get bytes(): number {
    return this.#heads.byteLength + this.#segments.length * perSegment * 4;
  }

  /** A row's first record, and the one after another; 0 at the end. */
  first(row: number): number {
    return this.#heads[row]!;
  }

  next(at: number): number {
    return this.#word(at, 0);
  }

  /** A lane's part of a record, if it has one. */
  part(at: number, lane: number): LanePart | undefined {
    return this.#kindOf(at).parts[lane];
  }

  /** Epoch ms. */
  time(at: number): number {
    return (this.#word(at, 1) >>> kindBits) * wordSize + this.#word(at, 2);
  }

  /** 0 where no lane needs it. */
  hash(at: number): number {
    const { hashAt } = this.#kindOf(at);
    return hashAt === 0 ? 0 : this.#word(at, hashAt);
  }

  /** The number of a part's sample, or 0. */
  sample(at: number, { hasSample }: LanePart): number {
    return hasSample ? this.#word(at, this.#kindOf(at).sampleAt) : 0;
  }

  /** One of a part's numbers; 0 when it carries no such. */
  value(at: number, part: LanePart, number: number): number {
    const place = part.at[number];
    if (place === undefined) return 0;
    if (!part.isWide[number]) return this.#word(at, place);
    this.#halves[0] = this.#word(at, place);
    this.#halves[1] = this.#word(at, place + 1);
    return this.#double[0]!;
  }

  /**
   * Keeps what a lane sees in an event. `values`: by the lane's numbers. If the row's first record is of the
   * same event, it goes there; with `anywhere`, if any of the row's records is.
   */
  add(row: number, sight: Sight, { time, hash, sample }: Observed, values: Float64Array, anywhere = false): void {
    if (time !== this.#time) {
      this.#time = time;
      this.#upper = Math.floor(time / wordSize);
      this.#lower = time - this.#upper * wordSize;
    }
    const head = this.#heads[row]!;
    const before = anywhere ? this.#beforeSame(head, sight, { time, hash, sample }) : 0;
    const same = before === 0 ? head : this.next(before);
    const from = this.#joinable(same, sight, { time, hash, sample });
    const code = this.#gather(same, { kind: from, sight, values });
    const hasSample = sample !== 0;
    const kind = this.#kinds.with(from, { sight, hasSample, code });
    const fresh = this.#fresh;
    if (sight.isOrdered && from.hashAt === 0) fresh[this.#freshWords++] = hash;
    if (hasSample && from.sampleAt === 0) fresh[this.#freshWords++] = sample;
    let at = same;
    if (from.lanes === 0) {
      at = this.#heads[row] = this.#take(kind.words);
      const segment = this.#own(at);
      segment[at & within] = head;
      segment[(at & within) + 2] = this.#lower;
    } else if (this.#freshWords > 0) at = this.#moved(row, same, { before, from, words: kind.words });
    const segment = this.#own(at);
    const o = at & within;
    segment[o + 1] = kind.id | (this.#upper << kindBits);
    for (let i = 0, to = o + from.words; i < this.#freshWords; i++) segment[to + i] = fresh[i]!;
  }

  /** Drops a lane's part of those of a row's records that are not to be kept; answers how many. */
  drop(row: number, lane: number, isKept: (at: number, part: LanePart) => boolean): number {
    let dropped = 0;
    let before = 0;
    for (let at = this.#heads[row]!; at !== 0;) {
      const next = this.next(at);
      const kind = this.#kindOf(at);
      const part = kind.parts[lane];
      if (part === undefined || isKept(at, part)) before = at;
      else {
        dropped++;
        const rest = this.#kinds.without(kind, lane);
        if (rest.lanes > 0) {
          this.#setWord(at, 1, (this.#word(at, 1) & ~kindMask) | rest.id);
          before = at;
        } else {
          this.#link(row, before, next);
          this.#release(at, kind.words);
        }
      }
      at = next;
    }
    return dropped;
  }

  /** The kind of a record that is of the same event, and has room for the lane's part of it; else of one that is new. */
  #joinable(at: number, { lane, isOrdered }: Sight, { hash, sample }: Observed): ObservationKind {
    const none = this.#kinds.all[0]!;
    if (at === 0 || !this.#kinds.mayShare) return none;
    const segment = this.#segments[at >>> segmentBits]!;
    const o = at & within;
    const word = segment[o + 1]!;
    if (segment[o + 2] !== this.#lower || word >>> kindBits !== this.#upper) return none;
    const kind = this.#kinds.all[word & kindMask]!;
    const { parts, hashAt, sampleAt } = kind;
    const isSame =
      parts[lane] === undefined &&
      (!isOrdered || hashAt === 0 || segment[o + hashAt] === hash) &&
      (sample === 0 || sampleAt === 0 || segment[o + sampleAt] === sample);
    return isSame ? kind : none;
  }

  /** The record before the one that may be joined; 0 where that is the first, or none. */
  #beforeSame(head: number, sight: Sight, event: Observed): number {
    let before = 0;
    for (let at = head; at !== 0; before = at, at = this.next(at))
      if (this.#joinable(at, sight, event).lanes > 0) return before;
    return 0;
  }

  /** Collects the words that are to be added to a record; answers with a digit for each value: how it is kept. */
  #gather(at: number, { kind, sight, values }: { kind: ObservationKind; sight: Sight; values: Float64Array }): number {
    const { numbers } = sight;
    const fresh = this.#fresh;
    const narrow = this.#narrow;
    const { mayShare } = this.#kinds;
    let words = 0;
    let known = 0;
    for (; known < kind.narrow.length; known++) narrow[known] = this.#word(at, kind.narrow[known]!);
    let code = 0;
    for (let i = 0; i < numbers.length; i++) {
      const value = values[numbers[i]!]!;
      let digit = ownWords;
      if (mayShare && i < mostCoded && value >>> 0 === value) {
        let shared = 0;
        while (shared < known && narrow[shared] !== value) shared++;
        digit = shared === known ? ownWord : firstShared + shared;
        if (shared === known) {
          fresh[words++] = value;
          if (known < mostNarrow) narrow[known++] = value;
        }
      } else {
        this.#double[0] = value;
        fresh[words++] = this.#halves[0]!;
        fresh[words++] = this.#halves[1]!;
      }
      if (i < mostCoded) code = code * 16 + digit;
    }
    this.#freshWords = words;
    return code;
  }

  /** A record that grows lies elsewhere. */
  #moved(
    row: number,
    at: number,
    { before, from, words }: { before: number; from: ObservationKind; words: number },
  ): number {
    const to = this.#take(words);
    const target = this.#own(to);
    const source = this.#segments[at >>> segmentBits]!;
    for (let i = 0; i < from.words; i++) target[(to & within) + i] = source[(at & within) + i]!;
    this.#link(row, before, to);
    this.#release(at, from.words);
    return to;
  }

  #link(row: number, before: number, at: number): void {
    if (before === 0) this.#heads[row] = at;
    else this.#setWord(before, 0, at);
  }

  #take(words: number): number {
    const free = this.#free[words] ?? 0;
    if (free !== 0) {
      this.#free[words] = this.next(free);
      return free;
    }
    if (this.#end + words > perSegment) {
      // Where no record begins at 0, that says there is none.
      this.#end = this.#segments.length === 0 ? headWords : 0;
      this.#segments.push(new Uint32Array(perSegment));
      this.#isHeld.push(false);
    }
    const at = ((this.#segments.length - 1) << segmentBits) + this.#end;
    this.#end += words;
    return at >>> 0;
  }

  #release(at: number, words: number): void {
    this.#setWord(at, 0, this.#free[words] ?? 0);
    this.#free[words] = at;
  }

  #kindOf(at: number): ObservationKind {
    return this.#kinds.all[this.#word(at, 1) & kindMask]!;
  }

  #word(at: number, i: number): number {
    return this.#segments[at >>> segmentBits]![(at & within) + i]!;
  }

  #setWord(at: number, i: number, word: number): void {
    this.#own(at)[(at & within) + i] = word;
  }

  /** A record's segment, to be written to. */
  #own(at: number): Uint32Array {
    const s = at >>> segmentBits;
    if (this.#isHeld[s]) {
      this.#segments[s] = this.#segments[s]!.slice();
      this.#isHeld[s] = false;
    }
    return this.#segments[s]!;
  }
}
