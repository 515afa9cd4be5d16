import { configLine } from "../detect/config-line.ts";
import { type Customers, personOf } from "../detect/customers.ts";
import type { Detection } from "../detect/detection.ts";
import type { ActiveDetector } from "../detect/plan.ts";
import { suggestThresholds, type ThresholdSuggestion } from "../detect/suggest-threshold.ts";
import { type SavedTop, TopKeys } from "../detect/top-keys.ts";
import type { DetectorThresholds } from "../detect/threshold-watcher.ts";
import type { CustomerCounts } from "../detect/trial-report.ts";
import { plainText } from "../incident/plain-text.ts";
import { type BlockFacts, BlockTally, type HitCounts, type ListedBlock, type SavedBlocks } from "./block-tally.ts";
import type { Decision } from "./decision.ts";
import { type SavedTally, TargetTally } from "./target-tally.ts";

/** Whatever makes up more than a sixty-fourth of the detections is among the keys; people are shown ten. */
const keyPlaces = 64;
const keysShown = 10;
const keyLength = 200;
/** Rates of less time than this say nothing. */
const leastSpanMs = 3_600_000;
const dayMs = 86_400_000;

/** What a detector has done since it runs as it does now: the report of a dry run, growing live. Times are event times. */
export interface LiveReport {
  readonly detector: string;
  readonly title: string;
  readonly mode: ActiveDetector["mode"];
  /** Since it has its mode, parameters and rule; absent before the first event. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly detections: number;
  readonly states: { readonly open: number; readonly closed: number; readonly unconfirmed: number };
  /** Incidents it opened, or would have, for which somebody is paged. */
  readonly alerts: number;
  /** Per day; absent during the first hour. */
  readonly aDay: { readonly detections: number; readonly alerts: number; readonly blocked: number } | undefined;
  /** Keys with most detections, and how many at least. */
  readonly keys: readonly { readonly key: string; readonly times: number }[];
  readonly people: CustomerCounts;
  readonly blocks: {
    readonly blocked: CustomerCounts;
    readonly asked: CustomerCounts;
    readonly refused: CustomerCounts;
    readonly withdrawn: CustomerCounts;
    /** Of those blocked, whom no gateway was told of: by the detector's mode, its runbook's, or the whole service's. */
    readonly onTrial: number;
    readonly refusedBy: Readonly<Record<string, number>>;
    /** What dry runs would have refused while they held. */
    readonly hit: HitCounts;
  };
  /** The latest first. */
  readonly latest: readonly ListedBlock[];
  readonly thresholds: DetectorThresholds["parameters"];
  /** Keys that came near a threshold and were not followed for want of room. */
  readonly leftOut: number;
  readonly suggestions: readonly ThresholdSuggestion[];
  /** Of a dry run: the line of the configuration with which it acts from then on. */
  readonly promote: string | undefined;
  /** The line with the values that are suggested, where there are any. */
  readonly adjust: string | undefined;
}

/** A detection that may change yet. */
interface OpenDetection {
  readonly key: Readonly<Record<string, string>>;
  readonly firstSeen: number;
}

/** The sums of one detector. Bounded: open detections are (by the engine), all else is sums and short lists. */
export class DetectorTrial {
  /** Another one begins when mode, parameters or rule change. */
  readonly signature: string;
  readonly blocks: BlockTally;
  #since: number | undefined;
  #until: number | undefined;
  #alerts: number;
  #closed: number;
  #unconfirmed: number;
  readonly #open: Map<string, OpenDetection>;
  readonly #people: TargetTally;
  readonly #keys = new TopKeys(keyPlaces);
  readonly #customers: Pick<Customers, "of">;

  constructor(signature: string, facts: BlockFacts, saved?: SavedTrial) {
    this.signature = signature;
    this.blocks = new BlockTally(facts, saved?.blocks);
    this.#customers = facts.customers;
    this.#since = saved?.since;
    this.#until = saved?.until;
    this.#alerts = saved?.alerts ?? 0;
    this.#closed = saved?.closed ?? 0;
    this.#unconfirmed = saved?.unconfirmed ?? 0;
    this.#open = new Map(saved?.open);
    this.#people = new TargetTally(saved?.people);
    if (saved) this.#keys.load(saved.keys);
  }

  get openDetections(): number {
    return this.#open.size;
  }

  /** Event time has come so far. */
  at(watermark: number): void {
    this.#since ??= watermark;
    this.#until = watermark;
  }

  detection({ id, state, key, firstSeen, firedAt }: Detection): void {
    const known = this.#open.get(id);
    // What began before belongs to how the detector ran before.
    if (!known && firedAt < (this.#since ?? 0)) return;
    if (!known) this.#keys.add(keyText(key));
    if (state === "open") {
      this.#open.set(id, { key, firstSeen });
      return;
    }
    this.#open.delete(id);
    if (state === "unconfirmed") {
      this.#unconfirmed++;
      return;
    }
    this.#closed++;
    const target = personOf(key);
    if (target) this.#people.add({ target, since: firstSeen }, this.#customers);
  }

  alerted(): void {
    this.#alerts++;
  }

  decided(decision: Decision): void {
    if (decision.createdAt >= (this.#since ?? 0)) this.blocks.take(decision);
  }

  report({ active, thresholds }: ReportFor): LiveReport {
    const { definition, mode } = active;
    const spanMs = (this.#until ?? 0) - (this.#since ?? 0);
    const { blocks, latest } = this.blocks.report();
    const detections = this.#open.size + this.#closed;
    const aDay = (count: number) => Number(((count * dayMs) / spanMs).toPrecision(3));
    const open = [...this.#open.values()].flatMap(({ key, firstSeen }) => {
      const target = personOf(key);
      return target ? [{ target, since: firstSeen }] : [];
    });
    const parameters = thresholds?.parameters ?? [];
    const suggestions = suggestThresholds(parameters, spanMs);
    const raised = suggestions.filter(({ kind }) => kind === "raise");
    const params = Object.assign({}, ...raised.map((suggestion) => suggestion.params)) as Record<string, number>;
    return {
      ...{ detector: definition.id, title: definition.title, mode },
      ...{ since: this.#since, until: this.#until, detections },
      states: { open: this.#open.size, closed: this.#closed, unconfirmed: this.#unconfirmed },
      alerts: this.#alerts,
      aDay:
        spanMs < leastSpanMs
          ? undefined
          : { detections: aDay(detections), alerts: aDay(this.#alerts), blocked: aDay(blocks.blocked.all) },
      keys: this.#keys.list(keysShown).map(({ key, least }) => ({ key, times: least })),
      people: this.#people.countsWith(open, this.#customers),
      ...{ blocks, latest },
      thresholds: parameters,
      leftOut: thresholds?.leftOut ?? 0,
      suggestions,
      promote: mode === "dry-run" ? configLine(active, { mode: "active" }) : undefined,
      adjust: raised.length === 0 ? undefined : configLine(active, { params }),
    };
  }

  save(): SavedTrial {
    return {
      signature: this.signature,
      ...{ since: this.#since, until: this.#until, alerts: this.#alerts },
      ...{ closed: this.#closed, unconfirmed: this.#unconfirmed },
      open: [...this.#open],
      people: this.#people.save(),
      keys: this.#keys.save(),
      blocks: this.blocks.save(),
    };
  }
}

/** The detector as it runs, and what is known of its thresholds. */
export interface ReportFor {
  readonly active: ActiveDetector;
  readonly thresholds: DetectorThresholds | undefined;
}

export interface SavedTrial {
  readonly signature: string;
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly alerts: number;
  readonly closed: number;
  readonly unconfirmed: number;
  readonly open: readonly (readonly [id: string, OpenDetection])[];
  readonly people: SavedTally;
  readonly keys: SavedTop;
  readonly blocks: SavedBlocks;
}

// helpers

/** `clientIp 203.0.113.7`; the values are hostile, and escaped where they are shown. */
function keyText(key: Readonly<Record<string, string>>): string {
  return Object.entries(key)
    .map(([dimension, value]) => `${dimension} ${plainText(value, keyLength)}`)
    .join(", ");
}
