import type { RawBatch } from "../source/raw-batch.ts";

/** Is told what is being handled, so that it can say how far reading is behind, and what takes the time. */
export interface LoadFollower {
  arrived(batch: RawBatch): void;
  /** What is done from here on; `undefined`: the batch is done with. */
  enter(stage: "normalize" | "store" | "detect" | undefined): void;
  /** `newest`: the time of the newest event so far, epoch ms, if there is one. */
  handled(batch: RawBatch, of: { readonly events: number; readonly newest: number | undefined }): void;
  /** It waits no more, handled or not. */
  left(batch: RawBatch): void;
  /** The partition is no longer ours. */
  released(partition: string): void;
}

/** Follows nothing. */
export const noFollower: LoadFollower = { arrived() {}, enter() {}, handled() {}, left() {}, released() {} };
