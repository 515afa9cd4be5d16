import { z } from "zod";

const msPerUnit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const bytesPerUnit = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** A time span as people write it: a whole number and `ms`, `s`, `m`, `h` or `d`. */
export type Duration = `${number}${keyof typeof msPerUnit}`;

/** Reads `"10m"` as milliseconds; `undefined` when it is no time span. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * msPerUnit[match[2] as keyof typeof msPerUnit];
}

/** Writes milliseconds in the largest unit that keeps a whole number: 900000 → `15m`. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    if (ms >= msPerUnit[unit] && ms % msPerUnit[unit] === 0) return `${ms / msPerUnit[unit]}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}

/** A time span in a configuration, read into milliseconds. */
export const durationMs = (example: Duration) =>
  z
    .string()
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: "expected a time span: a whole number and ms, s, m, h or d" })
    .meta({ examples: [example] })
    .transform((text) => parseDuration(text) as number);

/** A size in a configuration (`512KiB`, `16MiB`), read into bytes. */
export const byteSize = (example: string) =>
  z
    .string()
    .regex(/^\d{1,9}(B|KiB|MiB|GiB)$/, { error: "expected a size: a whole number and B, KiB, MiB or GiB" })
    .meta({ examples: [example] })
    .transform((text) => {
      const match = /^(\d+)(\D+)$/.exec(text) as RegExpExecArray;
      return Number(match[1]) * bytesPerUnit[match[2] as keyof typeof bytesPerUnit];
    });
