import { BoundedCache } from "./bounded-cache.ts";

/**
 * Turns what a clock on the wall showed into epoch milliseconds. `wallMs` is the time as it would be in
 * UTC; `notAfter` is when the record arrived, or a little later. In the hour that comes twice when
 * summer time ends, it is the later time of the two, unless that lies after `notAfter`. In the hour
 * that is left out when it begins, it is what the clock would show had it not been put forward.
 */
export type WallClock = (wallMs: number, notAfter: number) => number;

/** The clock of a zone (`Europe/Berlin`, `+02:00`). Throws a `RangeError` for a zone that does not exist. */
export function createWallClock(timeZone: string): WallClock {
  if (timeZone === "UTC") return (wallMs) => wallMs;
  const offsetAt = offsetReader(timeZone);
  const known = new BoundedCache<number, Offsets>(cachedBlocks);
  return (wallMs, notAfter) => {
    const block = Math.floor(wallMs / blockMs);
    let offsets = known.get(block);
    if (offsets === undefined) known.set(block, (offsets = offsetsOf(block * blockMs, offsetAt)));
    const later = wallMs - offsets.low;
    return later <= notAfter ? later : wallMs - offsets.high;
  };
}

// helpers

/** Clocks are changed at quarters of an hour, by quarters of an hour. */
const blockMs = 15 * 60_000;
/** More than ten days, for a replay of many partitions at once. */
const cachedBlocks = 1024;
const dayMs = 86_400_000;

/** How far the zone was ahead of UTC, in ms; two figures that differ where the same wall time comes twice. */
interface Offsets {
  readonly low: number;
  readonly high: number;
}

function offsetsOf(wallMs: number, offsetAt: (utcMs: number) => number): Offsets {
  // A day before and a day after lie on both sides of whatever change is near.
  const before = offsetAt(wallMs - dayMs);
  const after = offsetAt(wallMs + dayMs);
  const holds = [before, after].filter((offset) => offsetAt(wallMs - offset) === offset);
  return holds.length === 0 ? { low: before, high: before } : { low: Math.min(...holds), high: Math.max(...holds) };
}

/** How far a zone's clocks are ahead of UTC at a moment, in ms. Throws a `RangeError` for a zone that does not exist. */
export function offsetReader(timeZone: string): (utcMs: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (utcMs) => {
    const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(utcMs)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
  };
}
