/** What one lane sees in observations that match the same slots and are evidence of the same detectors. */
export interface Sight {
  /** The lane's number among those of its key space. */
  readonly lane: number;
  /** By bit: the slots that it matched, and the lane's detectors whose evidence it is. */
  readonly mask: number;
  readonly evidence: number;
  /** Which of a lane's numbers it carries. */
  readonly numbers: readonly number[];
  /** The lane has to know which of two observations is older. */
  readonly isOrdered: boolean;
  /** Kinds that came of it, by what they came of. */
  readonly kinds: Map<number, ObservationKind>;
  /** The one that was asked for last. */
  lastKey: number;
  lastKind: ObservationKind | undefined;
}

/** One lane's part of an observation. */
export interface LanePart {
  readonly sight: Sight;
  readonly hasSample: boolean;
  /** By its number: where in the record the value is, and whether that is of two words. */
  readonly at: readonly (number | undefined)[];
  readonly isWide: readonly boolean[];
}

/** How a record reads: observations that mean the same to all lanes, and lie the same way, are of one kind. */
export interface ObservationKind {
  readonly id: number;
  /** By lane. */
  readonly parts: readonly (LanePart | undefined)[];
  readonly lanes: number;
  readonly words: number;
  /** Where the content's hash and the number of the sample are; 0: nowhere. */
  readonly hashAt: number;
  readonly sampleAt: number;
  /** Where values of one word are that further ones may share. */
  readonly narrow: readonly number[];
}

/** How the values of a lane are added to a record: see `codeOf`. */
export interface Addition {
  readonly sight: Sight;
  readonly hasSample: boolean;
  readonly code: number;
}

/** Next record, kind and time: what each record begins with. */
export const headWords = 3;
/** Kinds there may be; records have room for so many. */
const mostKinds = 2 ** 18;
/** Beyond so many, which no sensible set of detectors comes to, observations of several lanes are no longer kept as one. */
const mostShared = 2 ** 15;
/** Values of a lane that may be shared, and values that they may be shared with: their code is a digit each. */
export const mostCoded = 8;
export const mostNarrow = 14;
const digits = 16;
/** A value of one word, or two, that is kept for itself; further digits: which of the narrow ones it equals. */
export const ownWord = 0;
export const ownWords = 1;
export const firstShared = 2;

/** All kinds of records of one key space, each once, made as they occur. */
export class ObservationKinds {
  /** By id; the first is of a record that no lane knows. */
  readonly all: ObservationKind[] = [
    { id: 0, parts: [], lanes: 0, words: headWords, hashAt: 0, sampleAt: 0, narrow: [] },
  ];
  readonly #without = new Map<number, ObservationKind>();

  /** Whether there is room for kinds that several lanes share. */
  get mayShare(): boolean {
    return this.all.length < mostShared;
  }

  /** What a record of one kind becomes when another lane adds to it. */
  with(from: ObservationKind, addition: Addition): ObservationKind {
    const { sight, hasSample, code } = addition;
    const key = (from.id * 2 + (hasSample ? 1 : 0)) * digits ** mostCoded + code;
    if (sight.lastKey === key) return sight.lastKind!;
    let kind = sight.kinds.get(key);
    if (kind === undefined) {
      kind = this.#keep(grown(from, addition));
      sight.kinds.set(key, kind);
    }
    sight.lastKey = key;
    sight.lastKind = kind;
    return kind;
  }

  /** What a record becomes when a lane has dropped its part: it lies as it did. */
  without(from: ObservationKind, lane: number): ObservationKind {
    if (from.lanes === 1) return this.all[0]!;
    const key = from.id * 256 + lane;
    let kind = this.#without.get(key);
    if (kind === undefined) {
      const parts = from.parts.map((part, at) => (at === lane ? undefined : part));
      kind = this.#keep({ ...from, parts, lanes: from.lanes - 1 });
      this.#without.set(key, kind);
    }
    return kind;
  }

  #keep(kind: Omit<ObservationKind, "id">): ObservationKind {
    if (this.all.length === mostKinds) throw new RangeError(`observations are of at most ${mostKinds} kinds`);
    const kept = { ...kind, id: this.all.length };
    this.all.push(kept);
    return kept;
  }
}

// helpers

/** The words that are added come in this order: values, hash, sample. */
function grown(from: ObservationKind, { sight, hasSample, code }: Addition): Omit<ObservationKind, "id"> {
  const at: number[] = [];
  const isWide: boolean[] = [];
  const narrow = [...from.narrow];
  let { words, hashAt, sampleAt } = from;
  const coded = Math.min(mostCoded, sight.numbers.length);
  sight.numbers.forEach((number, i) => {
    const digit = i < coded ? Math.floor(code / digits ** (coded - 1 - i)) % digits : ownWords;
    isWide[number] = digit === ownWords;
    at[number] = digit >= firstShared ? narrow[digit - firstShared]! : words;
    if (digit === ownWord && narrow.length < mostNarrow) narrow.push(words);
    if (digit < firstShared) words += digit === ownWord ? 1 : 2;
  });
  if (sight.isOrdered && hashAt === 0) hashAt = words++;
  if (hasSample && sampleAt === 0) sampleAt = words++;
  const parts = [...from.parts];
  parts[sight.lane] = { sight, hasSample, at, isWide };
  return { parts, lanes: from.lanes + 1, words, hashAt, sampleAt, narrow };
}
