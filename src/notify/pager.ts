import { sleep, type Clock } from "../clock.ts";
import type { Incident, IncidentChange } from "../incident/incident.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Store } from "../store/store.ts";
import { ChannelHealth, type Trouble } from "./channel-health.ts";
import { DeliveryBook } from "./delivery-book.ts";
import { DeliveryHistory, type DeliveryQuery } from "./delivery-history.ts";
import { DeliverySender } from "./delivery-sender.ts";
import { changedDelivery, deliveryRow, hasReached, newDelivery } from "./delivery.ts";
import { followUps, openTriggers } from "./follow-ups.ts";
import { recoverDeliveries } from "./delivery-recovery.ts";
import type { Delivery, Notifier } from "./notifier.ts";
import type { Team } from "./notify-config.ts";
import { createNotifyMetrics, type NotifyMetrics } from "./notify-metrics.ts";
import { OpenIncidents } from "./open-incidents.ts";
import { budgetReachMs, pageBudget } from "./page-budget.ts";
import { pageText, summaryPage, type PageText } from "./page-text.ts";
import { nextChannel, pageRoute } from "./page-route.ts";
import { deliveryLine, type PagerEvent } from "./timeline-text.ts";

/** Deliveries remembered, finished ones included: about 10 MB, and more than the budget has to see. */
const rememberedDeliveries = 5_000;
/** Beyond so many that wait, new ones are given up at once: nothing grows without a bound. */
const maxUnfinished = 2_000;
/** After its deadline, stopping waits so long for what is being written down, and no longer. */
const stopGraceMs = 1_000;

export interface PagerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly teams: Readonly<Record<string, Team>>;
  /** By their names in the configuration. The pager closes them. */
  readonly channels: ReadonlyMap<string, Notifier>;
  /** The service's name, shown in pages. */
  readonly service: string;
  /** Where people reach the console, for links. */
  readonly publicUrl: string;
  readonly perTeamPerHour: number;
  /** Adds a line to an incident's timeline. */
  timeline(incidentId: string, event: PagerEvent): Promise<void> | void;
  /** A channel is failing (`text`), or works again (`undefined`). May be told of a recovery it knows nothing of. */
  readonly trouble: Trouble;
  /** From 0 to below 1; for jitter. */
  readonly random?: () => number;
}

/** The outbox: turns changes of incidents into deliveries, and sees them through. */
export interface Pager {
  /** Takes up what an earlier process left. Call once, before `changed`. */
  load(): Promise<void>;
  /** Resolves when what has to be sent is durable; sending goes on afterwards. The same change twice is harmless. */
  changed(change: IncidentChange): Promise<void>;
  /** A new configuration. What is on its way goes on, as far as its channel still exists. */
  update(configuration: Pick<PagerOptions, "teams" | "channels">): Promise<void>;
  /** What was sent, or would have been by an outbox channel; newest first. */
  deliveries(query: DeliveryQuery): Promise<readonly Delivery[]>;
  /** Lets sends under way finish for at most `deadlineMs`; the rest stays pending for the next start. */
  stop(deadlineMs: number): Promise<void>;
}

/** Makes the outbox; nothing is sent before `load`. */
export function createPager(options: PagerOptions): Pager {
  return new Outbox(options);
}

// helpers

class Outbox implements Pager {
  readonly #options: PagerOptions;
  readonly #publicUrl: string;
  readonly #book = new DeliveryBook(rememberedDeliveries);
  readonly #history: DeliveryHistory;
  readonly #open = new OpenIncidents(1_000);
  readonly #measures: NotifyMetrics;
  readonly #health: ChannelHealth;
  readonly #sender: DeliverySender;
  #teams: Readonly<Record<string, Team>>;
  #channels: ReadonlyMap<string, Notifier>;
  /** Changes are taken one after the other: the budget and the history of one depend on those before. */
  #turn: Promise<unknown> = Promise.resolve();
  #lines: Promise<unknown> = Promise.resolve();

  constructor(options: PagerOptions) {
    this.#options = options;
    this.#publicUrl = options.publicUrl.replace(/\/+$/, "");
    this.#teams = options.teams;
    this.#channels = options.channels;
    this.#measures = createNotifyMetrics(options.metrics);
    this.#health = new ChannelHealth(options.trouble);
    this.#history = new DeliveryHistory({
      book: this.#book,
      store: options.store,
      failed: (error) => {
        this.#measures.failure("history");
        options.log.warn({ err: error }, "the store could not say what was sent");
      },
    });
    this.#sender = new DeliverySender({
      clock: options.clock,
      log: options.log,
      book: this.#book,
      health: this.#health,
      measures: this.#measures,
      random: options.random ?? Math.random,
      notifier: (channel) => this.#channels.get(channel),
      commit: (deliveries) => this.#commit(deliveries),
      fallback: (delivery) => this.#fallback(delivery),
      tell: (delivery, handedTo) => this.#tell(delivery, handedTo),
    });
  }

  load(): Promise<void> {
    return this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const recovered = await recoverDeliveries({
        store,
        now: clock.now(),
        limit: rememberedDeliveries,
        isIdempotent: (channel) => this.#channels.get(channel)?.idempotent === true,
      });
      if (!recovered.isComplete) this.#book.markIncomplete();
      for (const delivery of recovered.deliveries) this.#book.put(delivery);
      const open = await store.latest<Incident>("incidents", "state IN ('open', 'acknowledged')", {}, 1_000);
      for (const incident of open.reverse()) this.#open.note(incident);
      await this.#commit(recovered.changed);
      for (const delivery of recovered.changed) if (delivery.state === "unknown") this.#tell(delivery, undefined);
    });
  }

  changed(change: IncidentChange): Promise<void> {
    return this.#inTurn(async () => {
      this.#open.note(change.incident);
      if (change.kind === "acknowledged") await this.#followUp(change, "acknowledge");
      else if (change.kind === "resolved") await this.#followUp(change, "resolve");
      else if (change.page && change.incident.quiet === undefined) await this.#page(change);
    });
  }

  update(configuration: Pick<PagerOptions, "teams" | "channels">): Promise<void> {
    return this.#inTurn(async () => {
      const replaced = [...this.#channels.values()].filter((n) => configuration.channels.get(n.channel) !== n);
      this.#teams = configuration.teams;
      this.#channels = configuration.channels;
      this.#health.keep(new Set(configuration.channels.keys()));
      this.#sender.wake();
      await closeAll(replaced);
    });
  }

  deliveries(query: DeliveryQuery): Promise<readonly Delivery[]> {
    return this.#history.list(query);
  }

  async stop(deadlineMs: number): Promise<void> {
    const stopped = new AbortController();
    const settled = Promise.all([this.#turn, this.#sender.stop(deadlineMs)]).then(() => this.#lines);
    await Promise.race([settled, sleep(this.#options.clock, deadlineMs + stopGraceMs, stopped.signal)]);
    stopped.abort();
    await closeAll(this.#channels.values());
  }

  async #page(change: IncidentChange): Promise<void> {
    const { incident } = change;
    const { clock, perTeamPerHour } = this.#options;
    if (incident.team === undefined) return;
    const history = await this.#history.ofIncident(incident.id);
    const round = `${incident.reopened}:${incident.severity}`;
    const route = pageRoute(this.#teams[incident.team], change, (channel) => this.#health.isDown(channel));
    if (route.length === 0) {
      this.#measures.failure("no_team");
      const text = `Nobody was paged: no channel of team ${incident.team} can be used for this`;
      return this.#say(incident.id, { kind: "page_failed", cause: `route:${round}`, text });
    }
    if (history.some((d) => d.page.kind === "trigger" && d.round === round)) return;
    const ofTeam = this.#book.ofTeam(incident.team, clock.now() - budgetReachMs);
    const answer = pageBudget(ofTeam, { now: clock.now(), perHour: perTeamPerHour });
    if (answer.kind === "page") {
      const page = pageText(change, "trigger", this.#context());
      return this.#admit(route.map((channel) => this.#delivery({ page, round, channel, history })));
    }
    this.#measures.suppressed(incident.team);
    if (answer.kind === "summary") await this.#summarize(incident.team, answer.until, route);
    const until = new Date(answer.until).toISOString().slice(11, 16);
    const text = `Not paged: the team's pages are used up until ${until} UTC`;
    this.#say(incident.id, { kind: "page_suppressed", cause: `budget:${round}`, text });
  }

  async #summarize(team: string, until: number, route: readonly string[]): Promise<void> {
    const perHour = this.#options.perTeamPerHour;
    const page = summaryPage({ ...this.#context(), team, until, perHour, open: this.#open.ofTeam(team) });
    await this.#admit(route.map((channel) => this.#delivery({ page, round: String(until), channel, history: [] })));
  }

  async #followUp(change: IncidentChange, kind: "acknowledge" | "resolve"): Promise<void> {
    const { incident } = change;
    const history = await this.#history.ofIncident(incident.id);
    const { tell, cancel } = followUps(history, kind);
    const now = this.#options.clock.now();
    const cancelled = cancel.map((delivery) => changedDelivery(delivery, { state: "cancelled" }, now));
    // In the book at once, so that none is begun while the rest is made durable.
    for (const delivery of cancelled) this.#book.put(delivery);
    const round = `${incident.reopened}:${incident.severity}`;
    const page = pageText(change, kind, this.#context());
    await this.#admit([...cancelled, ...tell.map((channel) => this.#delivery({ page, round, channel, history }))]);
    for (const delivery of cancelled) {
      this.#measures.delivery(delivery.channel, "cancelled");
      this.#tell(delivery, undefined);
    }
  }

  #delivery(options: { page: PageText; round: string; channel: string; history: readonly Delivery[] }): Delivery {
    const { page, round, channel, history } = options;
    const first = openTriggers(history, channel).find(hasReached) ?? openTriggers(history, channel)[0];
    const key = { incident: page.incidentId, kind: page.kind, round, channel };
    return newDelivery(key, first ? { ...page, inReplyTo: first.id } : page, this.#options.clock.now());
  }

  /** Makes new deliveries durable and known; those that are known already are left alone. */
  async #admit(deliveries: readonly Delivery[]): Promise<void> {
    const free = maxUnfinished - this.#book.unfinishedCount;
    const fresh = deliveries.filter((d) => d.version > 1 || !this.#book.get(d.id));
    const admitted = fresh.map((delivery, i) => {
      if (i < free || delivery.version > 1) return delivery;
      this.#measures.failure("queue_full");
      return { ...delivery, state: "failed" as const, lastError: "too many deliveries are waiting" };
    });
    if (admitted.length === 0) return;
    await this.#options.store.save(admitted.map(deliveryRow));
    for (const delivery of admitted) this.#book.put(delivery);
    this.#sender.wake();
    for (const delivery of admitted) if (delivery.state === "failed") this.#tell(delivery, undefined);
  }

  async #commit(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) this.#book.put(delivery);
    if (deliveries.length > 0) await this.#options.store.save(deliveries.map(deliveryRow));
    this.#sender.wake();
  }

  #fallback(delivery: Delivery): Delivery | undefined {
    const channel = nextChannel(delivery, {
      team: this.#teams[delivery.team],
      history: this.#book.ofIncident(delivery.incident),
      exists: (channel) => this.#channels.has(channel),
      isDown: (channel) => this.#health.isDown(channel),
    });
    if (channel === undefined) return undefined;
    const page = { ...delivery.page, inReplyTo: undefined };
    return this.#delivery({ page, round: delivery.round ?? "", channel, history: [] });
  }

  #tell(delivery: Delivery, handedTo: Delivery | undefined): void {
    const { log } = this.#options;
    const { id, channel, state, lastError } = delivery;
    log.info({ delivery: id, incident: delivery.incident, channel, state, reason: lastError }, "delivery ended");
    const line = deliveryLine(delivery, handedTo);
    if (line && delivery.page.kind !== "summary") this.#say(delivery.incident, line);
  }

  /** In order, and never waited for: whoever hands us a change may hold what the timeline needs. */
  #say(incident: string, line: Pick<PagerEvent, "kind" | "cause" | "text">): void {
    const event = { ...line, by: "gatewatch", time: this.#options.clock.now() };
    this.#lines = this.#lines
      .then(() => this.#options.timeline(incident, event))
      .catch((error: unknown) => {
        // The page itself is unharmed; the timeline only tells of it.
        this.#measures.failure("timeline");
        this.#options.log.warn({ incident, err: error }, "a line of the timeline could not be written");
      });
  }

  #context(): { service: string; publicUrl: string; now: number } {
    return { service: this.#options.service, publicUrl: this.#publicUrl, now: this.#options.clock.now() };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {}); // the caller gets the error; the next in turn must not
    return result;
  }
}

async function closeAll(notifiers: Iterable<Notifier>): Promise<void> {
  for (const notifier of notifiers) await notifier.close?.();
}
