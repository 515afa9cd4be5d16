import type { Outlet } from "./actor.ts";
import type { Asked } from "./exchange.ts";
import type { Random } from "./random.ts";

/** Several requests in a row with one aim: signing in, paying. */
export interface Flow {
  /** Does the next one, and answers with the milliseconds until the one after; 0: that was the last. */
  step(now: number, outlet: Outlet): number;
}

/** How long an answer takes: mostly near the least, now and then several times that. In whole milliseconds. */
export function took(random: Random, leastMs: number, spreadMs: number): number {
  const u = random.fraction();
  return leastMs + Math.floor(u * u * u * spreadMs);
}

/** A request without a query, as `exchange.begin` takes it. */
export function asks(method: string, target: string, status: number, durationMs: number): Asked {
  return { method, target, status, durationMs };
}
