import { InvalidArgumentError } from "commander";
import { GatewatchError } from "../errors.ts";
import { parseDuration } from "../units.ts";

/** Offsets of one partition, or of all that are not named. `to` is not included. */
export interface OffsetRange {
  readonly partition: number | undefined;
  readonly from: number;
  readonly to: number | undefined;
}

/** From when until before when, epoch ms; left out where it is open. */
export interface TimeRange {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Reads `1000-2000`, `0:1000-2000,1:500-`. */
export function readOffsets(text: string): OffsetRange[] {
  return text.split(",").map((part) => {
    const found = /^(?:(\d{1,9}):)?(\d{1,15})-(\d{1,15})?$/.exec(part.trim());
    const [, partition, from, to] = found ?? [];
    if (!found || (to !== undefined && Number(to) < Number(from))) {
      throw new InvalidArgumentError("Expected FROM-TO for all partitions, or PARTITION:FROM-TO with commas between.");
    }
    return {
      partition: partition === undefined ? undefined : Number(partition),
      from: Number(from),
      to: to === undefined ? undefined : Number(to),
    };
  });
}

/** Reads both ends: each a time, or a span before `now`. Throws `CONFIG_INVALID`. */
export function readTimeRange(given: { from: string | undefined; to: string | undefined }, now: number): TimeRange {
  const from = readMoment("--from", given.from, now);
  const to = readMoment("--to", given.to, now);
  if (from !== undefined && to !== undefined && from >= to) {
    throw new GatewatchError("CONFIG_INVALID", "--from is not before --to.", { remedy: "Name an earlier beginning." });
  }
  return { from, to };
}

// helpers

function readMoment(option: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  // Without a zone it is UTC, as everywhere in gatewatch; a date alone already is.
  const time = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time)) return time;
  throw new GatewatchError("CONFIG_INVALID", `${option} is no moment: ${text}.`, {
    remedy: "Give a time (2026-08-22T09:00Z; UTC unless it says otherwise), or a span ago (90m, 2h, 7d).",
  });
}
