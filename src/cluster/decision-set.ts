import type { AllowList } from "../block/allow-list.ts";
import type { Decision } from "../block/decision.ts";
import type { DecisionLedger } from "../block/ledger.ts";
import type { Clock } from "../clock.ts";
import type { CompactedRecord } from "./compacted-topic.ts";
import { readDecisions, readServing, type Serving, servingKey } from "./decision-record.ts";
import type { GateMetrics } from "./gate-metrics.ts";

/** So many at a time go into the ledger. */
const maxPut = 5_000;

export interface DecisionSetOptions {
  readonly ledger: DecisionLedger;
  readonly clock: Clock;
  readonly allow: () => AllowList;
  readonly metrics: GateMetrics;
  /** Whoever acts says whether anybody is blocked at all. */
  readonly onServing: (said: Serving) => void;
}

/**
 * Fills a ledger with what the topic `decisions` says, so that whatever answers from a ledger does so
 * without a store. What can't be read blocks nobody. Versions are doubled: the odd ones in between are
 * for ends that this instance has noticed by its own clock, which a newer word still overrules.
 */
export class DecisionSet {
  readonly #options: DecisionSetOptions;
  /** What each record has put into the ledger, by its key. */
  readonly #held = new Map<string, readonly string[]>();
  /** Keys that were not told of again since the topic began anew. */
  #stale: Set<string> | undefined;
  #isCaughtUp = false;
  #measures = true;

  constructor(options: DecisionSetOptions) {
    this.#options = options;
  }

  /** Targets that something is known of. */
  get size(): number {
    return this.#held.size;
  }

  /** All was known at some time. */
  get wasCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  take(records: readonly CompactedRecord[]): void {
    const { ledger, metrics, onServing } = this.#options;
    let puts: Decision[] = [];
    for (const { key, value } of records) {
      if (key === undefined) continue;
      if (key === servingKey) {
        onServing(value === undefined ? { serving: true } : (readServing(value.toString()) ?? { serving: false }));
        continue;
      }
      puts.push(...this.#changed(key, value?.toString()));
      if (puts.length < maxPut) continue;
      ledger.put(...puts);
      puts = [];
    }
    if (puts.length > 0) ledger.put(...puts);
    metrics.records.inc({ kind: "read" }, records.length);
    this.measure();
  }

  /** The topic begins anew: what is held stays in force until all was told. */
  reset(): void {
    this.#stale = new Set(this.#held.keys());
  }

  /** All was told: what was not told of again is over. */
  caughtUp(): void {
    this.#isCaughtUp = true;
    const stale = [...(this.#stale ?? [])];
    this.#stale = undefined;
    const ended = stale.flatMap((key) => this.#changed(key, undefined));
    for (let at = 0; at < ended.length; at += maxPut) this.#options.ledger.put(...ended.slice(at, at + maxPut));
    this.measure();
  }

  /** Ends what has run out. To be called every second; look-ups mind the ends to the millisecond anyway. */
  expire(): void {
    if (this.#options.ledger.expire().length > 0) this.measure();
  }

  /** Whoever is on the allow list now is let in. */
  allowChanged(): void {
    const { ledger } = this.#options;
    const allowed = [...ledger.current()].filter((decision) => this.#isAllowed(decision));
    if (allowed.length > 0) ledger.put(...allowed.map((decision) => this.#ended(decision)));
    this.measure();
  }

  /** Another ledger of this process is measured from now on. */
  leaveMeasuring(): void {
    this.#measures = false;
  }

  measure(): void {
    if (!this.#measures) return;
    const { ledger, metrics } = this.#options;
    metrics.active.set({ served: "true" }, ledger.serving ? ledger.servedSize : 0);
    metrics.active.set({ served: "false" }, ledger.serving ? 0 : ledger.size);
  }

  /** What a record changes: what it says, and the end of what it says no longer. */
  #changed(key: string, text: string | undefined): Decision[] {
    const { ledger, metrics } = this.#options;
    this.#stale?.delete(key);
    const said = text === undefined ? [] : readDecisions(key, text);
    if (said === undefined) metrics.records.inc({ kind: "unreadable" });
    const known = (said ?? []).filter((decision) => this.#isTaken(decision)).map(asTold);
    if (this.#isCaughtUp) for (const decision of known) this.#measureDelay(decision);
    const uuids = known.map(({ uuid }) => uuid);
    const gone = (this.#held.get(key) ?? []).filter((uuid) => !uuids.includes(uuid));
    if (uuids.length > 0) this.#held.set(key, uuids);
    else this.#held.delete(key);
    const over = gone.flatMap((uuid) => {
      const held = ledger.get(uuid);
      return held?.state === "active" ? [this.#ended(held)] : [];
    });
    return [...over, ...known];
  }

  #isTaken(decision: Decision): boolean {
    if (this.#isAllowed(decision)) return false;
    const { ledger, metrics } = this.#options;
    if (!ledger.full || ledger.get(decision.uuid)) return true;
    metrics.records.inc({ kind: "beyond_capacity" });
    return false;
  }

  /** Of new ones: from the decision to its being known here, by the clocks of both. */
  #measureDelay({ uuid, state, servedAt }: Decision): void {
    const { ledger, clock, metrics } = this.#options;
    if (state !== "active" || servedAt === undefined || ledger.get(uuid)) return;
    metrics.delay.observe(Math.max(0, clock.now() - servedAt) / 1000);
  }

  #isAllowed(decision: Decision): boolean {
    const entry = this.#options.allow().entryFor(decision);
    return entry !== undefined && entry !== "unknown";
  }

  #ended(decision: Decision): Decision {
    const now = this.#options.clock.now();
    const how = decision.until <= now ? { state: "expired" as const } : { state: "lifted" as const, liftedAt: now };
    return { ...decision, ...how, version: decision.version + 1 };
  }
}

// helpers

function asTold(decision: Decision): Decision {
  return { ...decision, version: decision.version * 2 };
}
