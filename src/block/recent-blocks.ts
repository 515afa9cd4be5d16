import type { Clock } from "../clock.ts";
import type { Decision } from "./decision.ts";

/** Login attempts that a detection counted. */
export interface Logins {
  readonly attempts: number;
  readonly failures: number;
}

/** What was decided lately, as the guard wants to know it. */
export interface RecentSummary {
  /** Different clients (addresses and ranges) of the last ten minutes. */
  readonly clients: number;
  /** Decisions of the last minute. */
  readonly lastMinute: number;
  /** The login attempts that those decided about within five minutes had made. */
  readonly logins: Logins;
}

/** A wave: what was blocked within ten minutes is judged, and lifted, together. */
export const waveMs = 10 * 60_000;
const minuteMs = 60_000;
/** The span of the site's share of failed logins that these are taken out of. */
const loginsMs = 5 * minuteMs;

/** The guard lets through 60 a minute, so this bounds memory only where it was told to let more. */
const maxEntries = 10_000;

interface Entry {
  readonly time: number;
  readonly uuid: string;
  readonly client: string | undefined;
  readonly detection: string | undefined;
  readonly logins: Logins;
}

/** The decisions that gatewatch itself made in the last ten minutes. Those of people don't count. */
export class RecentBlocks {
  readonly #clock: Clock;
  #entries: Entry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(decision: Decision, logins: Logins): void {
    this.#trim();
    const client = decision.scope === "ip" || decision.scope === "range" ? decision.value : undefined;
    this.#entries.push({
      time: decision.createdAt,
      uuid: decision.uuid,
      client,
      detection: decision.detection,
      logins,
    });
    if (this.#entries.length > maxEntries) this.#entries.shift();
  }

  /** The ids of the wave. */
  wave(): string[] {
    this.#trim();
    return this.#entries.map((entry) => entry.uuid);
  }

  /** `detection`: its own logins are left out, since whoever asks counts them anyway. */
  summary(detection: string | undefined): RecentSummary {
    this.#trim();
    const now = this.#clock.now();
    const clients = new Set<string>();
    let lastMinute = 0;
    const logins = new Map<string | undefined, Logins>();
    for (const entry of this.#entries) {
      if (entry.client !== undefined) clients.add(entry.client);
      if (entry.time > now - minuteMs) lastMinute++;
      // Several targets of one detection share its attempts.
      if (entry.time > now - loginsMs && entry.detection !== detection) logins.set(entry.detection, entry.logins);
    }
    const total = (of: keyof Logins) => logins.values().reduce((sum, each) => sum + each[of], 0);
    return { clients: clients.size, lastMinute, logins: { attempts: total("attempts"), failures: total("failures") } };
  }

  #trim(): void {
    const oldest = this.#clock.now() - waveMs;
    const first = this.#entries.findIndex((entry) => entry.time > oldest);
    this.#entries = first === -1 ? [] : this.#entries.slice(first);
  }
}
