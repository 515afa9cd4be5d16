import { CachedTexts } from "./cached-texts.ts";

const digits2 = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, "0"));
const digits3 = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, "0"));
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Writes times (epoch ms) as gateways do, in UTC. Lines come in order, so that each second's text is made once or twice. */
export class WrittenTimes {
  readonly #iso = new CachedTexts(isoSecond);
  readonly #clf = new CachedTexts(clfSecond);

  /** `2026-08-22T09:14:07.466Z` */
  iso(ms: number): string {
    return `${this.isoLocal(ms)}Z`;
  }

  /** `2026-08-22T09:14:07.466` */
  isoLocal(ms: number): string {
    return `${this.#iso.of(Math.floor(ms / 1000))}.${digits3[ms % 1000]}`;
  }

  /** `22/Aug/2026:09:14:07 +0000` */
  clf(ms: number): string {
    return `${this.#clfSecond(ms)} +0000`;
  }

  /** `22/Aug/2026:09:14:07.466` */
  clfMs(ms: number): string {
    return `${this.#clfSecond(ms)}.${digits3[ms % 1000]}`;
  }

  #clfSecond(ms: number): string {
    return this.#clf.of(Math.floor(ms / 1000));
  }
}

/** Seconds with three digits after the point: `54` is `0.054`. */
export function asSeconds(ms: number): string {
  return `${Math.floor(ms / 1000)}.${digits3[ms % 1000]}`;
}

// helpers

function isoSecond(second: number): string {
  return new Date(second * 1000).toISOString().slice(0, 19);
}

function clfSecond(second: number): string {
  const date = new Date(second * 1000);
  const day = `${digits2[date.getUTCDate()]}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${digits2[date.getUTCHours()]}:${digits2[date.getUTCMinutes()]}:${digits2[date.getUTCSeconds()]}`;
}
