/** Detectors of one lane: an observation says by bits whose evidence it is. */
export const judgesPerLane = 31;

/** Of a detector that needs hundreds of events, one in so many is kept as evidence: some sixteen of its floor. */
const samplesOfFloor = 16;

/** A floor beyond this is as good as any other. */
const highestFloor = 4_095;

/** The detectors that judge a lane's rows, each with a bit of its own and the fewest events it can fire with. */
export class LaneJudges {
  /** By bit: the detector's number. */
  readonly indexes: number[] = [];
  readonly #floors: number[] = [];
  /** From how many events on a row is looked at: the floor, unless somebody wants to see what comes near it. */
  readonly #looksFrom: number[] = [];
  /** By number of events, up to the highest floor: the bits of those that may fire. */
  #ready: Int32Array | undefined;

  /** `floor`: fewer events in a window can't make it fire. */
  add(index: number, floor: number): void {
    if (this.indexes.length === judgesPerLane) throw new RangeError(`a lane has at most ${judgesPerLane} detectors`);
    this.indexes.push(index);
    this.#floors.push(whole(floor));
    this.#looksFrom.push(whole(floor));
    this.#ready = undefined;
  }

  /** Has rows looked at that have so many events, though they can't make the detector fire. */
  lookFrom(index: number, events: number): void {
    const at = this.indexes.indexOf(index);
    this.#looksFrom[at] = Math.min(this.#looksFrom[at]!, whole(events));
    this.#ready = undefined;
  }

  /** A detector's bit; 0 when it doesn't judge this lane. */
  bitOf(index: number): number {
    const at = this.indexes.indexOf(index);
    return at === -1 ? 0 : 1 << at;
  }

  /** With fewer events a row is of interest to nobody. */
  get lowest(): number {
    return Math.min(highestFloor, ...this.#looksFrom);
  }

  /** The bits of those that look at a row with so many events. */
  readyAt(events: number): number {
    const ready = (this.#ready ??= this.#byEvents());
    return ready[events < ready.length ? events : ready.length - 1]!;
  }

  /**
   * Whether an event that is evidence of these (by bit) is kept as a sample. `chance` is the event's own,
   * so that the same are kept in whatever order they come.
   */
  keepsSample(evidence: number, chance: number): boolean {
    for (let left = evidence; left !== 0; left &= left - 1) {
      const floor = this.#floors[31 - Math.clz32(left & -left)]!;
      if (chance % Math.max(1, Math.floor(floor / samplesOfFloor)) === 0) return true;
    }
    return false;
  }

  #byEvents(): Int32Array {
    const ready = new Int32Array(Math.max(0, ...this.#looksFrom) + 1);
    this.#looksFrom.forEach((least, bit) => {
      for (let events = least; events < ready.length; events++) ready[events]! |= 1 << bit;
    });
    return ready;
  }
}

function whole(floor: number): number {
  return Math.min(highestFloor, Math.max(1, Math.ceil(floor)));
}
