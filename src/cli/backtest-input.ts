import type { AccessEvent } from "../normalize/access-event.ts";
import type { SourceOptions } from "../normalize/source-state.ts";
import type { LogReader } from "./log-reader.ts";

/** How much is to be read; `unit` as a progress bar shows it. */
interface Amount {
  readonly total: number;
  readonly unit: string;
  readonly done: () => number;
}

interface Input {
  /** True: what lies outside of the time that was asked for is not read at all. */
  readonly isCut: boolean;
  /** What is read, for people. */
  readonly label: string;
  /** `undefined` where that can't be told before its end. */
  readonly amount: Amount | undefined;
  /** What was read only in part, and why. */
  readonly brokenOff: ReadonlyMap<string, string>;
}

/** Records that are still to be understood. */
export interface RecordInput extends Input {
  readonly kind: "records";
  readonly sources: ReadonlyMap<string, SourceOptions>;
  read(to: LogReader): Promise<void>;
}

/** Events as they were understood at the time, in order of time. */
export interface EventInput extends Input {
  readonly kind: "events";
  read(take: (events: readonly AccessEvent[]) => void): Promise<void>;
}

export type BacktestInput = RecordInput | EventInput;
