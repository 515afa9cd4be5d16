import { kcatMissing } from "../test/support/kcat.ts";
import { type Latency, measureLatency, Overloaded } from "./measure-latency.ts";
import { startRoles } from "./roles-service.ts";

/** At one load: lines a second that were asked for. */
export interface LoadFigures extends Latency {
  readonly rate: number;
}

/** From the deciding line in Kafka to the refusal, in milliseconds. */
export interface MeasuredLoads {
  /** At the highest load. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly loads: readonly LoadFigures[];
  /** The highest load once more, with a process of each role; or why there are no figures. */
  readonly roles: LoadFigures | { readonly skipped: string };
}

export type LoadLatency = MeasuredLoads | { readonly skipped: string };

/** One `all` under each load in turn, then the roles. */
export async function measureLoads(options: { rates: readonly number[]; attackers: number }): Promise<LoadLatency> {
  const missing = kcatMissing();
  if (missing !== undefined) return { skipped: missing };
  const loads: LoadFigures[] = [];
  for (const rate of options.rates) {
    const measured = await measureLatency({ rate, attackers: options.attackers });
    loads.push({ rate, ...measured });
  }
  const { rate, p50, p99 } = loads.toSorted((a, b) => b.rate - a.rate)[0]!;
  return { p50, p99, rate, loads, roles: await measureRoles({ rate, attackers: options.attackers }) };
}

// helpers

async function measureRoles(options: { rate: number; attackers: number }): Promise<MeasuredLoads["roles"]> {
  try {
    return { rate: options.rate, ...(await measureLatency({ ...options, start: startRoles })) };
  } catch (error) {
    if (error instanceof Overloaded) return { skipped: error.message };
    throw error;
  }
}
