import { shopEvent } from "./formats/shop-event.ts";
import type { JsonRecord, LogFormat } from "./log-format.ts";

/** So many entries in a row of another format, and the source has changed. */
const changedAfter = 20;
/** Less sure than this is not sure. */
export const minScore = 0.5;

/**
 * Which format a source has. Found once, over its first entries, and then kept: guessing for each
 * line would be slow, and would let a line choose how it is read.
 */
export class SourceFormat {
  readonly #candidates: readonly LogFormat[];
  readonly #fixed: boolean;
  #current: LogFormat | undefined;
  #others = 0;

  /** One candidate is a format that the configuration names; several are to be found among. */
  constructor(candidates: readonly LogFormat[], fixed: boolean) {
    this.#candidates = candidates;
    this.#fixed = fixed;
    this.#current = fixed ? candidates[0] : undefined;
  }

  get current(): LogFormat | undefined {
    return this.#current;
  }

  /** Whether an entry is of a format that this source may have, or a shop event. */
  knows(sample: JsonRecord | string): boolean {
    if (this.#current !== undefined && scoreOf(this.#current, sample) >= minScore) return true;
    return scoreOf(shopEvent, sample) >= minScore || this.#candidates.some((one) => scoreOf(one, sample) >= minScore);
  }

  /** Looks at the first entries together; leaves it open when none is surely of any format. */
  find(samples: readonly (JsonRecord | string)[]): void {
    let best = 0;
    for (const format of this.#candidates) {
      const scores = samples.map((sample) => scoreOf(format, sample));
      // Entries that no format knows are garbage and say nothing about the others.
      const telling = scores.filter((score) => score >= minScore);
      const total = telling.reduce((sum, score) => sum + score, 0);
      // Shop events are read in a source of any format: it has theirs only as long as nothing else comes.
      const weight = format === shopEvent ? Math.min(total, minScore / 2) : total;
      if (weight > best) {
        best = weight;
        this.#current = format;
      }
    }
    this.#others = 0;
  }

  /** An entry was read: the format still holds. */
  fits(): void {
    this.#others = 0;
  }

  /**
   * An entry could not be read. `kept`: it is a bad entry of this format. `other`: it is of another
   * format. `changed`: it was one too many; the source has the other format from this entry on.
   */
  misfits(sample: JsonRecord | string): "kept" | "other" | "changed" {
    if (this.#fixed || this.#current === undefined) return "kept";
    let best = Math.max(minScore, scoreOf(this.#current, sample));
    let other: LogFormat | undefined;
    for (const format of this.#candidates) {
      const score = scoreOf(format, sample);
      if (score > best) {
        best = score;
        other = format;
      }
    }
    if (other === undefined) return "kept";
    if (this.#current !== shopEvent && ++this.#others < changedAfter) return "other";
    this.#current = other;
    this.#others = 0;
    return "changed";
  }
}

/** How sure a format is that an entry is its own; 0 for text where it reads objects, and the other way round. */
export function scoreOf(format: LogFormat, sample: JsonRecord | string): number {
  if (format.kind === "json") return typeof sample === "object" ? format.matches(sample) : 0;
  return typeof sample === "string" ? format.matches(sample) : 0;
}
