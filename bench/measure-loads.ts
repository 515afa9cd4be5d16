import { kcatMissing } from "../test/support/kcat.ts";
import { measureLatency } from "./measure-latency.ts";

/** At one load; milliseconds. */
export interface LoadFigures {
  /** Lines a second that were asked for, and that were read. */
  readonly rate: number;
  readonly eventsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Attackers that were refused, and that were not. */
  readonly n: number;
  readonly missed: number;
}

/** From the deciding line in Kafka to the refusal: at the highest load, and at each; or why nothing was measured. */
export type LoadLatency =
  | { readonly p50: number; readonly p99: number; readonly rate: number; readonly loads: readonly LoadFigures[] }
  | { readonly skipped: string };

/** One `all` under each load in turn. */
export async function measureLoads(options: { rates: readonly number[]; attackers: number }): Promise<LoadLatency> {
  const missing = kcatMissing();
  if (missing !== undefined) return { skipped: missing };
  const loads: LoadFigures[] = [];
  for (const rate of options.rates) {
    const measured = await measureLatency({ rate, attackers: options.attackers });
    loads.push({ rate, ...measured });
  }
  const { rate, p50, p99 } = loads.toSorted((a, b) => b.rate - a.rate)[0]!;
  return { p50, p99, rate, loads };
}
