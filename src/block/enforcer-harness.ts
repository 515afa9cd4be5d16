import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { BlockMetrics } from "./block-metrics.ts";
import type { Decision, Enforcer } from "./decision.ts";
import { type DecisionLedger, type LedgerChange, isServed } from "./ledger.ts";

/** How many decisions one `apply` is given; the next follows at once. */
const batchSize = 100;
/** One attempt may take so long (Standard Webhooks: 15 to 30 s). */
const attemptMs = 15_000;
const firstDelayMs = 1_000;
/** Blocks are short-lived: half a minute is as long as a gateway may be behind without being asked again. */
const maxDelayMs = 30_000;
const failuresUntilTrouble = 3;

/** A failure after which the gateway itself said when to come back. */
export class EnforcerBusy extends Error {
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.name = "EnforcerBusy";
    this.afterMs = afterMs;
  }
}

export interface EnforcerHarnessOptions {
  readonly enforcer: Enforcer;
  readonly ledger: DecisionLedger;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<BlockMetrics, "sends" | "behind">;
  /** The gateway can't be told for a while (why), or can again (`undefined`). */
  readonly onTrouble: (gateway: string, text: string | undefined) => void;
}

/**
 * Makes one gateway follow the ledger. It keeps no queue of changes but the set of decisions that
 * the gateway may know differently (at most one entry each): what is sent is looked up when its turn
 * comes. So a block that ran out while the gateway was away is never created late, and its removal
 * is always sent. After trouble everything that holds is sent anew.
 */
export class EnforcerHarness {
  readonly #options: EnforcerHarnessOptions;
  /** Decisions by uuid whose newest state has not been confirmed. */
  readonly #unsent = new Map<string, Decision>();
  readonly #stopped = new AbortController();
  readonly #unsubscribe: () => void;
  #failures = 0;
  #sending: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: EnforcerHarnessOptions) {
    this.#options = options;
    this.#unsubscribe = options.ledger.onChange((change) => this.#note(change));
  }

  get name(): string {
    return this.#options.enforcer.name;
  }

  /** Decisions the gateway has not been told of. */
  get behind(): number {
    return this.#unsent.size;
  }

  get inTrouble(): boolean {
    return this.#failures >= failuresUntilTrouble;
  }

  /**
   * Tells the gateway all that holds, and all that was lifted or withdrawn before its time: what it
   * kept or missed, over our restart or its own, is not known.
   */
  resync(): void {
    const { ledger, clock } = this.#options;
    const added = [...ledger.served()].map(({ decision }) => decision);
    const ended = [...ledger.noLongerServed()].map(({ decision }) => decision);
    this.#note({ added, ended: ended.filter((decision) => decision.until > clock.now()) });
  }

  /** Resolves when nothing is under way; what could not be sent by then is left. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#cancelRetry?.();
    this.#stopped.abort();
    await this.#sending;
    await this.#options.enforcer.close?.();
  }

  #note(change: LedgerChange): void {
    for (const decision of [...change.added, ...change.ended]) this.#unsent.set(decision.uuid, decision);
    this.#options.metrics.behind.set({ gateway: this.name }, this.#unsent.size);
    if (!this.#cancelRetry) this.#send();
  }

  #send(): void {
    if (this.#sending || this.#stopped.signal.aborted || this.#unsent.size === 0) return;
    this.#sending = this.#attempt().finally(() => {
      this.#sending = undefined;
      if (!this.#cancelRetry) this.#send();
    });
  }

  async #attempt(): Promise<void> {
    const batch = [...this.#unsent.values()].slice(0, batchSize);
    const added = batch.flatMap((decision) => this.#wanted(decision) ?? []);
    // Also of those that were never told of: an attempt that failed may have arrived.
    const ended = batch.filter((decision) => !this.#wanted(decision));
    const timeout = new AbortController();
    const cancelTimeout = this.#options.clock.after(attemptMs, () => timeout.abort());
    try {
      const signal = AbortSignal.any([timeout.signal, this.#stopped.signal]);
      await this.#options.enforcer.apply({ added, ended, servingSince: this.#options.ledger.servingSince }, signal);
      this.#sent(batch);
    } catch (error) {
      this.#failed(error, timeout.signal.aborted);
    } finally {
      cancelTimeout();
    }
  }

  /** The decision as the gateway should hold it now, if it should. */
  #wanted(decision: Decision): Decision | undefined {
    const { ledger, clock } = this.#options;
    const now = ledger.get(decision.uuid);
    return ledger.serving && now && isServed(now) && now.until > clock.now() ? now : undefined;
  }

  #sent(batch: readonly Decision[]): void {
    const { metrics, onTrouble, log } = this.#options;
    for (const decision of batch) {
      // A change that came in the meantime has put another version there.
      if (this.#unsent.get(decision.uuid) === decision) this.#unsent.delete(decision.uuid);
    }
    const recovered = this.inTrouble;
    this.#failures = 0;
    metrics.sends.inc({ gateway: this.name, result: "ok" });
    metrics.behind.set({ gateway: this.name }, this.#unsent.size);
    if (!recovered) return;
    log.info({ gateway: this.name }, "gateway is back");
    onTrouble(this.name, undefined);
    this.resync();
  }

  #failed(error: unknown, timedOut: boolean): void {
    if (this.#stopped.signal.aborted) return;
    const { metrics, onTrouble, log, clock } = this.#options;
    const detail = timedOut ? `no answer within ${attemptMs / 1000} s` : messageOf(error);
    this.#failures++;
    metrics.sends.inc({ gateway: this.name, result: "failed" });
    log.warn({ gateway: this.name, failures: this.#failures, detail }, "gateway could not be told");
    if (this.#failures === failuresUntilTrouble) onTrouble(this.name, detail);
    const backOff = Math.min(firstDelayMs * 2 ** (this.#failures - 1), maxDelayMs);
    const delay = error instanceof EnforcerBusy ? Math.min(Math.max(error.afterMs, backOff), maxDelayMs) : backOff;
    this.#cancelRetry = clock.after(delay, () => {
      this.#cancelRetry = undefined;
      this.#send();
    });
  }
}

// helpers

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
