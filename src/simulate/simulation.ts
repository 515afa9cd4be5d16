import type { Intensity, SimulationLabels } from "./label.ts";

/** What a simulation is made of. The same options give the same lines and labels, on every machine. */
export interface SimulationOptions {
  /** A whole number from 0 to 2^32 - 1. */
  readonly seed: number;
  /** Event time at which it begins, epoch ms. */
  readonly start: number;
  readonly durationMs: number;
  /** Requests of benign traffic a second of event time, on average over the run. */
  readonly rate: number;
  /** Accounts of the shop. */
  readonly customers: number;
  /** Ids of attacks; they take place in this run, spread over it. */
  readonly attacks: readonly string[];
  /** `mixed`: each attack once at each intensity. */
  readonly intensity: Intensity | "mixed";
  /** Ids of benign stressors. */
  readonly stressors: readonly string[];
  /** A writer's id: a format's, or `enriched`. */
  readonly format: string;
  /** A detector's parameters, from which floors are read; without them floors are those of the docs. */
  readonly parametersOf?: (detector: string) => Readonly<Record<string, unknown>> | undefined;
}

/** One line, as it would be logged. */
export interface SimulatedRecord {
  /** Event time, epoch ms: when the answer ended. */
  readonly time: number;
  /** Without a line break. */
  readonly line: string;
  /** True: said by the shop's application; false: logged by its gateway. */
  readonly isShopEvent: boolean;
}

/** One run. */
export interface Simulation {
  /** All records in order of time, in batches of a few thousand. To be iterated once. */
  batches(): Iterable<readonly SimulatedRecord[]>;
  /** What was simulated; whole once the last batch was taken. */
  labels(): SimulationLabels;
}
