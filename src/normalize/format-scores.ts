import type { JsonRecord, LogFormat } from "./log-format.ts";
import { scoreOf } from "./source-format.ts";

/** How sure a format is that an entry is its own. */
export interface FormatScore {
  readonly id: string;
  /** 0 to 1. */
  readonly score: number;
}

/** What every format says of an entry, the surest first. */
export function formatScores(formats: readonly LogFormat[], sample: JsonRecord | string): FormatScore[] {
  return formats.map((format) => ({ id: format.id, score: scoreOf(format, sample) })).sort((a, b) => b.score - a.score);
}
