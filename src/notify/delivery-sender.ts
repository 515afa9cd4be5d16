import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { ChannelHealth } from "./channel-health.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import type { DeliveryBook } from "./delivery-book.ts";
import { attemptTimeoutMs, nextStep, type Step } from "./delivery-step.ts";
import { changedDelivery, hasReached } from "./delivery.ts";
import { openTriggers } from "./follow-ups.ts";
import type { Delivery, Notifier, SendResult } from "./notifier.ts";
import type { NotifyMetrics } from "./notify-metrics.ts";

/** So many sends at once, over all channels; on one channel there is never more than one. */
const maxSendsAtOnce = 8;
/** How long to wait before a delivery whose row could not be saved is tried again. */
const saveAgainMs = 5_000;
/** A notifier that doesn't heed its signal is left behind after so long: it must not hold its channel up. */
const graceMs = 500;

export interface SenderOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly book: DeliveryBook;
  readonly health: ChannelHealth;
  readonly measures: NotifyMetrics;
  readonly random: () => number;
  readonly notifier: (channel: string) => Notifier | undefined;
  /** Notes new versions in the book and makes them durable. */
  readonly commit: (deliveries: readonly Delivery[]) => Promise<void>;
  /** The same page for the next channel, or `undefined` when there is none left. */
  readonly fallback: (delivery: Delivery) => Delivery | undefined;
  /** Says on the incident's timeline what became of it. */
  readonly tell: (delivery: Delivery, handedTo: Delivery | undefined) => void;
}

/** Carries what the book holds to the channels: in order, one at a time on each, again after a failure. */
export class DeliverySender {
  readonly #options: SenderOptions;
  readonly #busy = new Map<string, { readonly deadline: Deadline; readonly done: Promise<void> }>();
  readonly #notBefore = new Map<string, number>();
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Starts whatever is due, and sets the alarm for what is due next. */
  wake(): void {
    const { book, clock, measures } = this.#options;
    measures.pending(book.unfinishedCount);
    if (this.#stopped) return;
    this.#cancelTimer();
    const now = clock.now();
    let next = Infinity;
    const waitingFor = new Set<string>();
    for (const delivery of book.unfinished()) {
      // What an incident has to tell a channel is told in order.
      const line = `${delivery.incident} ${delivery.channel}`;
      const isFirst = !waitingFor.has(line);
      waitingFor.add(line);
      if (!isFirst || delivery.state !== "pending" || this.#busy.has(delivery.channel)) continue;
      const at = Math.max(delivery.nextAttemptAt, this.#notBefore.get(delivery.channel) ?? 0);
      if (at > now) next = Math.min(next, at);
      else if (this.#busy.size < maxSendsAtOnce) this.#start(delivery);
    }
    if (next < Infinity) this.#cancelTimer = clock.after(next - now, () => this.wake());
  }

  /** Lets sends under way finish until the deadline, and begins no more. What is left stays pending. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    const underWay = [...this.#busy.values()];
    const timeUp = startDeadline(this.#options.clock, deadlineMs);
    timeUp.signal.addEventListener("abort", () => underWay.forEach(({ deadline }) => deadline.abort()));
    await Promise.all(underWay.map(({ done }) => done));
    timeUp.done();
  }

  #start(delivery: Delivery): void {
    const { clock } = this.#options;
    const notifier = this.#options.notifier(delivery.channel);
    const hasFallback = this.#options.fallback(delivery) !== undefined;
    const timeoutMs = attemptTimeoutMs(delivery, { now: clock.now(), hasFallback });
    const deadline = startDeadline(clock, timeoutMs);
    if (notifier?.minIntervalMs) this.#notBefore.set(delivery.channel, clock.now() + notifier.minIntervalMs);
    const done = this.#attempt(delivery, notifier, deadline).catch((error: unknown) =>
      this.#saveFailed(delivery, error),
    );
    this.#busy.set(delivery.channel, {
      deadline,
      done: done.finally(() => {
        deadline.done();
        this.#busy.delete(delivery.channel);
        this.wake();
      }),
    });
  }

  async #attempt(delivery: Delivery, notifier: Notifier | undefined, deadline: Deadline): Promise<void> {
    const { clock, book, health, measures, commit } = this.#options;
    if (this.#isPointless(delivery)) return this.#finish(delivery, { kind: "cancel" }, undefined);
    if (!notifier) return this.#finish(delivery, this.#withoutNotifier(delivery), notConfigured);

    const sending = changedDelivery(delivery, { state: "sending", attempts: delivery.attempts + 1 }, clock.now());
    await commit([sending]);
    const begun = clock.monotonic();
    const result = await this.#send(notifier, sending, deadline.signal);
    // Stopped in mid-send: it stays `sending`, and the next start decides.
    if (this.#stopped && deadline.signal.aborted && result.kind !== "sent") return;
    measures.attempt(delivery.channel, result, (clock.monotonic() - begun) / 1000);
    const failuresInRow = health.note(delivery.channel, result);
    const step = nextStep({
      delivery: sending,
      result,
      failuresInRow,
      now: clock.now(),
      idempotent: notifier.idempotent,
      hasFallback: this.#options.fallback(sending) !== undefined,
      over: isOver(book, sending),
      random: this.#options.random(),
    });
    await this.#finish(sending, step, result);
  }

  async #send(notifier: Notifier, delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    const leftBehind = new Promise<SendResult>((resolve) => {
      const later = () => this.#options.clock.after(graceMs, () => resolve(noAnswer));
      signal.addEventListener("abort", later, { once: true });
    });
    try {
      return await Promise.race([notifier.send(delivery.page, signal), leftBehind]);
    } catch (error) {
      // A bug in a notifier must not stop the others, nor lose the page: the next channel gets it.
      this.#options.measures.failure("notifier_threw");
      this.#options.log.error({ channel: delivery.channel, delivery: delivery.id, err: error }, "a notifier threw");
      return { kind: "retry", reason: "server_error", detail: "internal error", afterMs: undefined, maybeSent: true };
    }
  }

  async #finish(delivery: Delivery, step: Step, result: SendResult | undefined): Promise<void> {
    const { clock, health, measures, commit, tell } = this.#options;
    const handedTo = step.kind === "hand_over" ? this.#options.fallback(delivery) : undefined;
    if (handedTo && result && result.kind !== "sent" && result !== notConfigured)
      health.markDown(delivery.channel, result);
    const ended = changedDelivery(delivery, { ...outcome(step), ...noted(delivery, result) }, clock.now());
    measures.delivery(delivery.channel, ended.state === "pending" ? "retry" : (ended.state as "sent"));
    // The old and the new delivery are made durable together: a page is never lost between two channels.
    await commit(handedTo ? [ended, handedTo] : [ended]);
    if (ended.state !== "pending") tell(ended, handedTo);
  }

  /** True for an acknowledgement or a resolution of a page that never arrived here. */
  #isPointless(delivery: Delivery): boolean {
    const { kind } = delivery.page;
    if (kind === "trigger" || kind === "summary") return false;
    const history = this.#options.book.ofIncident(delivery.incident);
    const place = history.findIndex((d) => d.id === delivery.id);
    return !openTriggers(history.slice(0, place), delivery.channel).some(hasReached);
  }

  #withoutNotifier(delivery: Delivery): Step {
    return this.#options.fallback(delivery) ? { kind: "hand_over" } : { kind: "give_up", state: "failed" };
  }

  #saveFailed(delivery: Delivery, error: unknown): void {
    const { book, clock, log, measures } = this.#options;
    measures.failure("save");
    log.error({ channel: delivery.channel, delivery: delivery.id, err: error }, "a delivery could not be saved");
    const known = book.get(delivery.id);
    // Not begun before it was durable, so nothing was sent: it may wait and try again.
    if (known?.state !== "sending") return;
    const again = { state: "pending", attempts: delivery.attempts, nextAttemptAt: clock.now() + saveAgainMs } as const;
    book.put(changedDelivery(known, again, clock.now()));
  }
}

// helpers

const noAnswer: SendResult = {
  kind: "retry",
  reason: "timeout",
  detail: "no answer in time",
  afterMs: undefined,
  maybeSent: true,
};

const notConfigured: SendResult = {
  kind: "refused",
  reason: "rejected",
  detail: "the channel is no longer configured",
};

/** A resolution waits behind it: nobody wants the page any more. */
function isOver(book: DeliveryBook, delivery: Delivery): boolean {
  if (delivery.page.kind !== "trigger") return false;
  const history = book.ofIncident(delivery.incident);
  const after = history.slice(history.findIndex((d) => d.id === delivery.id) + 1);
  return after.some((d) => d.channel === delivery.channel && d.page.kind === "resolve");
}

function outcome(step: Step): Partial<Delivery> {
  if (step.kind === "again") return { state: "pending", nextAttemptAt: step.at, repeated: step.repeated };
  if (step.kind === "give_up") return { state: step.state };
  return { state: ({ sent: "sent", hand_over: "handed_over", cancel: "cancelled" } as const)[step.kind] };
}

function noted(delivery: Delivery, result: SendResult | undefined): Partial<Delivery> {
  if (!result) return {};
  if (result.kind === "sent") return { reference: result.reference, lastError: undefined };
  const maybeSent = result.kind === "retry" && result.maybeSent === true;
  return { lastError: `${result.reason}: ${result.detail}`, doubtful: delivery.doubtful === true || maybeSent };
}
