import { sleep, type Clock } from "../clock.ts";
import type { Detection } from "../detect/detection.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Store } from "../store/store.ts";
import { groupKey } from "./grouping.ts";
import { beginMatch, continueMatch, matchKey, type QueryRow } from "./query-match.ts";
import type { Runbook } from "./runbook.ts";
import type { ServiceDetections } from "./service-detections.ts";

/** Matches of one rule at once; a question that answers more is wrong, or an incident of its own. */
const maxMatches = 200;

/** A question that takes longer counts as failed. The store ends it by its own limits. */
const answerWithinMs = 20_000;

/** How often it is looked which rules are due. */
const lookEveryMs = 1000;

interface Rule {
  runbook: Runbook;
  dueAt: number;
  readonly matches: Map<string, Detection>;
}

export interface QueryRulesOptions {
  readonly store: Pick<Store, "query">;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly runbooks: readonly Runbook[];
  readonly emit: (detections: readonly Detection[]) => void | Promise<void>;
  readonly service: Pick<ServiceDetections, "raise" | "clear">;
}

/**
 * Runbooks that watch the store: asks each rule's question every so often, one at a time, and turns
 * rows into detections. The same key is the same match until it was absent for `resolve.after`.
 */
export class QueryRules {
  readonly #options: QueryRulesOptions;
  readonly #rules = new Map<string, Rule>();
  readonly #failures;
  readonly #cut;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #stop: (() => void) | undefined;

  constructor(options: QueryRulesOptions) {
    this.#options = options;
    const { metrics } = options;
    this.#failures = metrics.counter("gatewatch_incident_query_failures_total", "Questions of runbooks that failed", [
      "runbook",
    ]);
    this.#cut = metrics.counter("gatewatch_incident_query_rows_cut_total", "Matches beyond what one rule may have", [
      "runbook",
    ]);
    this.update(options.runbooks);
  }

  /** Takes up matches that an earlier run left open. */
  restore(open: readonly Detection[]): void {
    for (const detection of open) {
      if (detection.origin !== "query" || detection.state !== "open") continue;
      this.#rules.get(detection.detector)?.matches.set(groupKey(detection.key), detection);
    }
  }

  start(): void {
    this.#stop ??= this.#options.clock.every(lookEveryMs, () => {
      if (this.#isRunning) return;
      this.#isRunning = true;
      this.#running = this.#askAll().finally(() => (this.#isRunning = false));
    });
  }

  /** Resolves when no question is under way. */
  async stop(): Promise<void> {
    this.#stop?.();
    this.#stop = undefined;
    await this.#running;
  }

  /** New rules after a reload. Matches of a rule that is gone end. */
  update(runbooks: readonly Runbook[]): void {
    const now = this.#options.clock.now();
    const wanted = new Map(runbooks.filter((runbook) => runbook.query).map((runbook) => [runbook.id, runbook]));
    for (const [id, rule] of this.#rules) if (!wanted.has(id)) rule.runbook = { ...rule.runbook, query: undefined };
    for (const [id, runbook] of wanted) {
      const rule = this.#rules.get(id);
      if (rule) rule.runbook = runbook;
      else this.#rules.set(id, { runbook, dueAt: now, matches: new Map() });
    }
  }

  async #askAll(): Promise<void> {
    const { clock } = this.#options;
    for (const rule of this.#rules.values()) {
      const { query, id } = rule.runbook;
      if (query === undefined) {
        this.#rules.delete(id);
        await this.#emit(
          id,
          [...rule.matches.values()].map((match) => closed(match)),
        );
      } else if (clock.now() >= rule.dueAt) {
        rule.dueAt = clock.now() + query.everyMs;
        await this.#ask(rule, query.sql);
      }
    }
  }

  async #ask(rule: Rule, sql: string): Promise<void> {
    const { id } = rule.runbook;
    const { clock, service, store } = this.#options;
    const asked = store.query<QueryRow>(sql);
    try {
      const rows = await within(clock, asked);
      service.clear("store-failing", `runbook ${id}`);
      await this.#emit(id, this.#follow(rule, rows));
    } catch (error) {
      this.#failures.inc({ runbook: id });
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ runbook: id, error: message }, "a runbook's question failed");
      service.raise("store-failing", `runbook ${id}`, `The question of runbook ${id} failed: ${message}`);
      // An answer that comes too late still has to end before the next question.
      await asked.catch(() => {});
    }
  }

  #follow(rule: Rule, rows: readonly QueryRow[]): Detection[] {
    const { runbook, matches } = rule;
    const now = this.#options.clock.now();
    const changed: Detection[] = [];
    for (const row of rows) {
      const key = groupKey(matchKey(runbook, row));
      const match = matches.get(key);
      if (match?.lastSeen === now) continue;
      if (!match && matches.size >= maxMatches) {
        this.#cut.inc({ runbook: runbook.id });
        continue;
      }
      const next = match ? continueMatch(match, { runbook, row, now }) : beginMatch(runbook, row, now);
      matches.set(key, next);
      changed.push(next);
    }
    for (const [key, match] of matches) {
      if (now - match.lastSeen < runbook.resolveAfterMs) continue;
      matches.delete(key);
      changed.push(closed(match));
    }
    return changed;
  }

  async #emit(runbook: string, detections: readonly Detection[]): Promise<void> {
    if (detections.length === 0) return;
    try {
      await this.#options.emit(detections);
    } catch (error) {
      this.#failures.inc({ runbook });
      this.#options.log.error({ runbook, err: error }, "matches of a runbook were not taken over");
    }
  }
}

// helpers

function closed(detection: Detection): Detection {
  return { ...detection, version: detection.version + 1, state: "closed" };
}

async function within<T>(clock: Clock, answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  const late = sleep(clock, answerWithinMs, answered.signal).then(() => undefined);
  try {
    const rows = await Promise.race([answer, late]);
    if (rows === undefined) throw new Error(`no answer within ${answerWithinMs / 1000} s`);
    return rows;
  } finally {
    answered.abort();
  }
}
