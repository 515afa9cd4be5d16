import type { Detection, Target } from "./detection.ts";
import type { Finding } from "./judge.ts";
import { evidenceLimit, type Moment, newDetection, placeOf, surest, targetLimit } from "./new-detection.ts";
import type { BoundDetector } from "./plan.ts";
import { keepEarliest, type Sample } from "./sample.ts";

/** Open episodes at once; how often an open one is told anew. */
const openLimit = 50_000;
const tellEveryMs = 30_000;

/** One attack on one key: opens once, goes on, closes after a quiet time. */
interface Episode {
  detector: BoundDetector;
  detection: Detection;
  name: string;
  row: number;
  /** The bucket its id comes from. */
  bucket: number;
  /** End of the last bucket that fired, epoch ms. */
  lastFired: number;
  /** When it was last told, and last looked at on change; event time. */
  toldAt: number;
  lookedAt: number;
  samples: Sample[];
  peak: number;
  /** What was told on change since it is sealed: it may depend on the order of events, and is no part of what is sealed. */
  hinted?: Pick<Detection, "targets" | "confidence" | "strength">;
}

/**
 * Turns findings into detections. A finding on change opens an episode at once; one on complete
 * buckets seals it. Versions come from event time, so that a replay tells the same again and
 * nothing newer is ever overwritten by something older.
 */
export class Episodes {
  readonly #open = new Map<string, Episode>();
  /** Eager detections that were never sealed; closed for want of room. */
  unconfirmed = 0;
  superseded = 0;

  get size(): number {
    return this.#open.size;
  }

  isOpen(detector: BoundDetector, name: string): boolean {
    return this.#open.has(keyOf(detector, name));
  }

  /** True when an open episode may be looked at again on change: at most once a second of event time. */
  mayRefresh(detector: BoundDetector, at: { name: string; time: number }): boolean {
    const episode = this.#open.get(keyOf(detector, at.name));
    return episode !== undefined && at.time - episode.lookedAt >= 1000;
  }

  /** A finding on change, at event time `time`. */
  eager(finding: Finding, time: number, moment: Moment): Detection[] {
    const episode = this.#open.get(keyOf(finding.detector, finding.name));
    if (!episode) {
      if (this.#open.size >= openLimit) return [];
      const detection = newDetection(finding, moment, { version: time * 8, sealed: false, supersedes: undefined });
      this.#start(finding, detection);
      return [detection];
    }
    episode.lookedAt = time;
    const { detection } = episode;
    const known = episode.hinted ?? detection;
    const targets = mergeTargets(known.targets, finding.targets);
    const surer = surest(known, finding);
    // Found in a backlog, and it goes on now: whoever it is has not gone.
    const stale = detection.stale && moment.stale;
    const isNews = targets.length !== known.targets.length || surer.confidence !== known.confidence;
    if (!isNews && stale === detection.stale) return [];
    const version = after(episode, time * 8 + 1);
    const told = { ...detection, ...surer, version, targets, stale, summary: finding.summary };
    if (detection.sealed) {
      episode.hinted = { ...surer, targets };
      episode.detection = { ...detection, version, stale };
    } else episode.detection = told;
    return [told];
  }

  /** A finding on complete buckets. */
  sealed(finding: Finding, moment: Moment): Detection[] {
    const told: Detection[] = [];
    let episode = this.#open.get(keyOf(finding.detector, finding.name));
    if (episode && finding.end - episode.lastFired > finding.detector.quietMs) {
      told.push(this.#close(episode));
      episode = undefined;
    }
    if (!episode || (!episode.detection.sealed && episode.bucket !== finding.bucket)) {
      const inPlaceOf = episode;
      if (inPlaceOf) this.superseded++;
      else if (this.#open.size >= openLimit) return told;
      const stale = moment.stale && (inPlaceOf?.detection.stale ?? true);
      const detection = newDetection(
        finding,
        { ...moment, stale },
        { version: finding.end * 8 + 2, sealed: true, supersedes: inPlaceOf?.detection.id },
      );
      this.#start(finding, detection);
      inPlaceOf?.detector.space.unpin(inPlaceOf.row, inPlaceOf.name);
      // The new one first: what the other led to passes to it, and does not end.
      return [...told, detection, ...(inPlaceOf ? [ended(inPlaceOf, "unconfirmed", finding.end * 8 + 3)] : [])];
    }
    return this.#extend(episode, finding, moment) ? [...told, episode.detection] : told;
  }

  /** Closes what has been quiet for long enough at this watermark. */
  advance(watermark: number): Detection[] {
    const told: Detection[] = [];
    for (const episode of this.#open.values()) {
      if (watermark - episode.lastFired > episode.detector.quietMs) told.push(this.#close(episode));
    }
    return told;
  }

  #start(finding: Finding, detection: Detection): void {
    const samples: Sample[] = [];
    for (const sample of finding.samples) keepEarliest(samples, sample, evidenceLimit);
    finding.detector.space.pin(finding.row);
    this.#open.set(keyOf(finding.detector, finding.name), {
      detector: finding.detector,
      detection,
      name: finding.name,
      row: finding.row,
      bucket: finding.bucket,
      lastFired: finding.end,
      toldAt: finding.end,
      lookedAt: finding.end,
      samples,
      peak: firstFigure(finding.counters),
    });
  }

  /** Takes in what a sealed bucket found; true when it is worth telling. */
  #extend(episode: Episode, finding: Finding, moment: Moment): boolean {
    const { detection } = episode;
    // What was kept on change may depend on the order of events; what is sealed must not.
    if (!detection.sealed) episode.samples = [];
    for (const sample of finding.samples) keepEarliest(episode.samples, sample, evidenceLimit);
    const peak = firstFigure(finding.counters);
    const higher = peak > episode.peak || !detection.sealed;
    const targets = mergeTargets(detection.sealed ? detection.targets : [], finding.targets);
    const surer = surest(detection.sealed ? detection : { strength: 0 }, finding);
    const stale = detection.stale && moment.stale;
    const tell =
      !detection.sealed ||
      stale !== detection.stale ||
      finding.severity !== detection.severity ||
      surer.confidence !== detection.confidence ||
      finding.end - episode.toldAt >= tellEveryMs;
    // The key may have lost its row since, and have been given another.
    if (episode.row !== finding.row) {
      episode.detector.space.unpin(episode.row, episode.name);
      episode.detector.space.pin(finding.row);
      episode.row = finding.row;
    }
    episode.peak = Math.max(peak, detection.sealed ? episode.peak : 0);
    episode.lastFired = finding.end;
    episode.detection = {
      ...detection,
      ...(detection.sealed ? {} : placeOf(finding)),
      version: after(episode, finding.end * 8 + 2),
      sealed: true,
      stale,
      severity: finding.severity,
      ...surer,
      lastSeen: finding.end,
      firedAt: detection.sealed ? detection.firedAt : finding.end,
      firstSeen: episode.samples[0]?.time ?? detection.firstSeen,
      counters: higher ? finding.counters : detection.counters,
      summary: higher ? finding.summary : detection.summary,
      evidence: episode.samples.map(({ event }) => event),
      clientIpCertain: finding.clientIpCertain && (!detection.sealed || detection.clientIpCertain),
      targets,
    };
    if (!tell && targets.length === detection.targets.length) return false;
    episode.toldAt = finding.end;
    return true;
  }

  #close(episode: Episode): Detection {
    this.#open.delete(keyOf(episode.detector, episode.name));
    episode.detector.space.unpin(episode.row, episode.name);
    const { sealed } = episode.detection;
    if (!sealed) this.unconfirmed++;
    return ended(episode, sealed ? "closed" : "unconfirmed", (episode.lastFired + episode.detector.quietMs) * 8 + 4);
  }

  save(): SavedEpisode[] {
    return [...this.#open.values()].map(({ row: _row, ...rest }) => ({
      ...rest,
      samples: [...rest.samples],
      detector: rest.detector.active.definition.id,
    }));
  }

  /** Goes on with what was open; returns, closed, what nobody looks for any more. */
  load(saved: readonly SavedEpisode[], bound: readonly BoundDetector[]): Detection[] {
    const told: Detection[] = [];
    for (const episode of saved) {
      const detector = bound.find(({ active }) => active.definition.id === episode.detector);
      if (!detector) {
        const { detection } = episode;
        const state = detection.sealed ? "closed" : "unconfirmed";
        told.push({ ...detection, state, version: detection.version + 1 });
        continue;
      }
      // Without a row (what is counted has changed) it only waits to be closed, or to fire again.
      const row = detector.space.find(episode.detection.key);
      if (row !== -1) detector.space.pin(row);
      this.#open.set(keyOf(detector, episode.name), { ...episode, detector, row, samples: [...episode.samples] });
    }
    return told;
  }
}

export interface SavedEpisode extends Omit<Episode, "detector" | "row"> {
  readonly detector: string;
}

/** A version by event time, above all that the episode had before: something told on change may have run ahead. */
function after(episode: Episode, version: number): number {
  return Math.max(version, episode.detection.version + 1);
}

function keyOf(detector: BoundDetector, name: string): string {
  return `${detector.active.definition.id}\u001e${name}`;
}

function ended(episode: Episode, state: "closed" | "unconfirmed", version: number): Detection {
  return { ...episode.detection, state, version: after(episode, version) };
}

function firstFigure(counters: Readonly<Record<string, number | null>>): number {
  return Object.values(counters).find((figure) => figure !== null) ?? 0;
}

function mergeTargets(known: readonly Target[], more: readonly Target[]): readonly Target[] {
  const fresh = more.filter((a) => !known.some((b) => a.scope === b.scope && a.value === b.value));
  return fresh.length === 0 ? known : [...known, ...fresh].slice(0, targetLimit);
}
