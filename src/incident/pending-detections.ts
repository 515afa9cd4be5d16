import type { Detection } from "../detect/detection.ts";

interface Waiting {
  readonly group: string;
  readonly detection: Detection;
  readonly until: number;
}

/**
 * Detections that wait for company: their runbook's `when` asks for more of them in one incident.
 * In memory, at most `limit`; the oldest leave first.
 */
export class PendingDetections {
  readonly #waiting = new Map<string, Waiting>();
  readonly #limit: number;

  constructor(limit = 5000) {
    this.#limit = limit;
  }

  /** Those of a runbook and group that still wait at `now`, the oldest first. */
  of(runbook: string, group: string, now: number): Detection[] {
    const wanted = groupName(runbook, group);
    return [...this.#waiting.values()]
      .filter((waiting) => waiting.group === wanted && waiting.until > now)
      .map((waiting) => waiting.detection);
  }

  add(waiting: {
    readonly runbook: string;
    readonly group: string;
    readonly detection: Detection;
    readonly until: number;
  }): void {
    const group = groupName(waiting.runbook, waiting.group);
    const key = JSON.stringify([group, waiting.detection.id]);
    this.#waiting.delete(key);
    this.#waiting.set(key, { group, detection: waiting.detection, until: waiting.until });
    if (this.#waiting.size <= this.#limit) return;
    const oldest = this.#waiting.keys().next().value;
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** Takes a runbook's detections of a group out: they have their incident now. */
  take(runbook: string, group: string): void {
    const wanted = groupName(runbook, group);
    for (const [key, waiting] of this.#waiting) if (waiting.group === wanted) this.#waiting.delete(key);
  }

  /** Takes one detection out, wherever it waits. */
  remove(id: string): void {
    for (const [key, waiting] of this.#waiting) if (waiting.detection.id === id) this.#waiting.delete(key);
  }

  /** Forgets those that have waited for too long. */
  expire(now: number): void {
    for (const [key, waiting] of this.#waiting) if (waiting.until <= now) this.#waiting.delete(key);
  }
}

// helpers

function groupName(runbook: string, group: string): string {
  return JSON.stringify([runbook, group]);
}
