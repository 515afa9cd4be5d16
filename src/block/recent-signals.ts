import type { Detection, Target } from "../detect/detection.ts";

/** Two detections within so long of one another, in event time, are about the same. */
const togetherMs = 30 * 60_000;
/** Targets remembered; the one that was named longest ago gives way. */
const maxTargets = 50_000;
/** Detections remembered of one target. */
const maxSignals = 8;

interface Signal {
  readonly detection: string;
  readonly detector: string;
  readonly signal: string;
  readonly lastSeen: number;
}

/** Which detectors named whom lately: two that watch different things are surer than one. */
export class RecentSignals {
  readonly #byTarget = new Map<string, readonly Signal[]>();

  /** Takes note of what a detection says of its target: an open one speaks for it, one that was not confirmed never did. */
  note(target: Target, detection: Detection): void {
    const at = `${target.scope} ${target.value}`;
    const others = (this.#byTarget.get(at) ?? []).filter((known) => known.detection !== detection.id);
    this.#byTarget.delete(at);
    const { id, detector, signal, lastSeen } = detection;
    const kept = speaks(detection) ? [{ detection: id, detector, signal, lastSeen }, ...others] : others;
    if (kept.length > 0) this.#byTarget.set(at, kept.slice(0, maxSignals));
    if (this.#byTarget.size > maxTargets) this.#byTarget.delete(this.#byTarget.keys().next().value!);
  }

  /** Detectors that watch something else than this detection's, and named the same target lately. */
  confirming(target: Target, detection: Detection): string[] {
    const signals = this.#byTarget.get(`${target.scope} ${target.value}`) ?? [];
    const others = signals.filter(
      ({ signal, lastSeen }) => signal !== detection.signal && Math.abs(lastSeen - detection.lastSeen) <= togetherMs,
    );
    return [...new Set(others.map(({ detector }) => detector))];
  }
}

function speaks(detection: Detection): boolean {
  const { state, origin, mode, coverage, clientIpCertain } = detection;
  return state !== "unconfirmed" && origin === "traffic" && mode === "active" && coverage === "full" && clientIpCertain;
}
