import type { SavedStage } from "../detect/detect-stage.ts";
import type { SaveExtent } from "../detect/save-extent.ts";
import type { Detection } from "../detect/detection.ts";
import type { Committer, OutgoingRecord } from "./commit.ts";
import { writeDetection } from "./detection-record.ts";

/** What is saved of one part of the keys: what was counted, and up to which tally. */
export interface SavedPartition<Minutes> {
  /** The offset of the tally that is taken next. */
  readonly offset: string;
  readonly detect: SavedStage;
  readonly minutes: Minutes;
}

/** Tallies of one part, in their order. */
export interface TallyBatch {
  readonly tallies: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  /** The offset after the last of them. */
  readonly next: string;
}

export interface DetectPartitionOptions<Minutes> {
  /** Puts tallies together and judges; a tally that can't be read is counted and left out. */
  readonly stage: {
    merge(tally: Uint8Array, offset: number): Detection[];
    tick(): Detection[];
    /** Changes are those since it was saved last, if that was written. */
    save(extent: SaveExtent): SavedStage;
    written(saved: SavedStage): void;
    load(saves: readonly SavedStage[]): void;
  };
  readonly minutes: { flush(): Promise<void>; snapshot(): Minutes; restore(saved: Minutes): void };
  readonly committer: Committer;
  /** What states are written with: a detection must not wait until a large one is there. */
  readonly saver: Committer;
  readonly state: {
    /** What was saved whole, and the changes after it; empty where nothing was. */
    load(): Promise<readonly SavedPartition<Minutes>[]>;
    /** How much is to be saved next. */
    extent(): SaveExtent;
    save(state: SavedPartition<Minutes>): Promise<void>;
    /** Rejects when another has opened the part since we have. */
    confirm(): Promise<void>;
  };
  readonly store: { flush(): Promise<void> };
  /** Where the tallies end now: what comes before is behind. */
  readonly end: () => Promise<number>;
  /** The topic that detections go to. */
  readonly detections: string;
}

/** The ends of transactions take offsets, too, and nothing comes with them: the last tally may be so far before the end. */
const markers = 64;

/**
 * One part of the keys, with an engine, counts and a state of its own: it moves between instances as a
 * whole. What it finds is handed on before what it rests on is saved: after a crash the same is found,
 * and told, again.
 */
export class DetectPartition<Minutes> {
  readonly #options: DetectPartitionOptions<Minutes>;
  #offset: string | undefined;
  #isOpen = false;
  #goal = Infinity;
  #isChanged = false;
  /** Something was counted and not handed on: saved, it would never be. Whoever opens the part next finds it again. */
  #failed: unknown;
  #tail: Promise<unknown> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();

  constructor(options: DetectPartitionOptions<Minutes>) {
    this.#options = options;
  }

  /** The offset of the tally that is taken next; `undefined` when nothing was saved. */
  get offset(): string | undefined {
    return this.#offset;
  }

  /** Everything was taken that had come before it was opened. */
  get isCaughtUp(): boolean {
    return Number(this.#offset ?? 0) >= this.#goal - markers;
  }

  /** Takes the part over from whoever had it, and goes on with what they saved. */
  async open(): Promise<void> {
    const { committer, saver, state, stage, minutes } = this.#options;
    // From here on whoever had it can neither hand on nor save.
    await Promise.all([committer.open(), saver.open()]);
    this.#goal = await this.#options.end();
    const saves = await state.load();
    const last = saves.at(-1);
    if (last !== undefined) {
      stage.load(saves.map(({ detect }) => detect));
      minutes.restore(last.minutes);
      this.#offset = last.offset;
    }
    this.#isOpen = true;
  }

  /**
   * Goes on with what it has, after others may have had the part. Answers `false` when somebody has, or that
   * can't be told: it has to be opened anew then.
   */
  async resume(): Promise<boolean> {
    await this.#tail;
    if (!this.#isOpen || this.#failed !== undefined) return false;
    try {
      await this.#options.state.confirm();
      this.#goal = await this.#options.end();
      return true;
    } catch {
      // Whatever it was, opening it anew finds out.
      return false;
    }
  }

  /** A tally that was taken already, and comes again, is left out. */
  handle({ tallies, next }: TallyBatch): Promise<void> {
    return this.#inTurn(async () => {
      const taken = Number(this.#offset ?? 0);
      const fresh = tallies.filter(({ offset }) => offset >= taken);
      await this.#handOn(this.#mergeAll(fresh));
      this.#offset = next;
      this.#isChanged = true;
    });
  }

  /** Lets time pass where no tally comes. To be called every second. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const found = this.#options.stage.tick();
      await this.#handOn(found);
      // Counts are shown within seconds, however seldom a large state is saved; told again they are the same rows.
      await this.#options.minutes.flush();
      this.#isChanged ||= found.length > 0;
    });
  }

  /** Runs something while nothing is under way. */
  between<T>(run: () => Promise<T>): Promise<T> {
    return this.#inTurn(run);
  }

  /** Writes records that rest on nothing. */
  tell(messages: readonly OutgoingRecord[]): Promise<void> {
    return this.#inTurn(() => this.#options.committer.commit({ messages }));
  }

  /**
   * Saves what was counted with how far was read; rows of what came before are in the store, or nothing moves.
   * Tallies wait for the copy alone: to write it takes seconds, in which an attacker would be let in.
   */
  save(): Promise<void> {
    // One after the other: an older state must not be written over a newer one.
    const saved = this.#saving.then(() => this.#save());
    this.#saving = saved.catch(() => {});
    return saved;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#saving;
    await Promise.all([this.#options.committer.close(), this.#options.saver.close()]);
  }

  async #save(): Promise<void> {
    const { stage, minutes, store, state } = this.#options;
    const copy = await this.#inTurn(async () => {
      if (!this.#isChanged || this.#offset === undefined) return undefined;
      const copied = { offset: this.#offset, detect: stage.save(state.extent()), minutes: minutes.snapshot() };
      await minutes.flush();
      this.#isChanged = false;
      return copied;
    });
    if (copy === undefined) return;
    try {
      await store.flush();
      await state.save(copy);
      stage.written(copy.detect);
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
  }

  #mergeAll(tallies: TallyBatch["tallies"]): Detection[] {
    try {
      return tallies.flatMap(({ bytes, offset }) => this.#options.stage.merge(bytes, offset));
    } catch (error) {
      // Some of them were counted, and nobody knows which.
      this.#failed = error;
      throw error;
    }
  }

  async #handOn(found: readonly Detection[]): Promise<void> {
    if (found.length === 0) return;
    const topic = this.#options.detections;
    const messages = found.map((one) => ({ topic, partition: 0, key: one.id, value: writeDetection(one) }));
    try {
      await this.#options.committer.commit({ messages });
    } catch (error) {
      this.#failed = error;
      throw error;
    }
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(() => {
      if (this.#failed !== undefined) throw this.#failed;
      return call();
    });
    this.#tail = result.catch(() => {});
    return result;
  }
}
