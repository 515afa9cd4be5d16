import type { Incident, IncidentChange } from "../../src/incident/incident.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { Delivery, Notifier, Page, SendResult } from "../../src/notify/notifier.ts";
import type { Team } from "../../src/notify/notify-config.ts";
import { createPager, type Pager } from "../../src/notify/pager.ts";
import type { PagerEvent } from "../../src/notify/timeline-text.ts";
import { sampleDetection, sampleIncident, sampleRunbook } from "./api-samples.ts";
import { MemoryStore } from "./memory-store.ts";
import { TestClock } from "./test-clock.ts";

export const sent: SendResult = { kind: "sent", reference: undefined };
export const serverError: SendResult = {
  kind: "retry",
  reason: "server_error",
  detail: "HTTP 500",
  afterMs: undefined,
};
export const refused: SendResult = { kind: "refused", reason: "unauthorized", detail: "HTTP 401" };

/** What a scripted channel does: an answer now or later, silence until the deadline, or no return at all. */
export type Script = SendResult | Promise<SendResult> | "hang" | "never";

/** A channel that does what it is told, one script an attempt; the last one goes on. */
export class ScriptedNotifier implements Notifier {
  readonly type = "scripted";
  readonly channel: string;
  readonly idempotent: boolean;
  readonly minIntervalMs: number | undefined;
  readonly pages: Page[] = [];
  closed = false;
  underWay = 0;
  mostUnderWay = 0;
  #script: Script[];
  readonly #note: (page: Page) => void;

  constructor(options: { channel: string; idempotent?: boolean; minIntervalMs?: number; note: (page: Page) => void }) {
    this.channel = options.channel;
    this.idempotent = options.idempotent ?? true;
    this.minIntervalMs = options.minIntervalMs;
    this.#script = [sent];
    this.#note = options.note;
  }

  will(...script: Script[]): void {
    this.#script = script;
  }

  async send(page: Page, signal: AbortSignal): Promise<SendResult> {
    const next = (this.#script.length > 1 ? this.#script.shift() : this.#script[0]) ?? sent;
    this.pages.push(page);
    this.#note(page);
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      if (typeof next !== "string") return await next;
      if (next === "never") return await new Promise(() => {});
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      return { kind: "retry", reason: "timeout", detail: "no answer", afterMs: undefined, maybeSent: true };
    } finally {
      this.underWay--;
    }
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** An outbox on a test clock, with scripted channels and all it said along the way. */
export class PagerScene {
  clock = new TestClock();
  readonly store = new MemoryStore();
  readonly metrics = createMetrics();
  readonly channels = new Map<string, ScriptedNotifier>();
  /** Each send: `+seconds channel kind incident`. */
  readonly sends: string[] = [];
  readonly timeline: { incident: string; event: PagerEvent }[] = [];
  /** What the incident stage does with a line; a test may put something slower in its place. */
  write: (incident: string, event: PagerEvent) => Promise<void> | void = (incident, event) => {
    this.timeline.push({ incident, event });
  };
  readonly troubles: [string, string | undefined][] = [];
  teams: Record<string, Team>;
  pager: Pager;
  readonly #start = this.clock.now();

  constructor(teams: Record<string, Team>, notIdempotent: readonly string[] = []) {
    this.teams = teams;
    for (const channel of new Set(Object.values(teams).flatMap((t) => [...t.channels, ...t.fallback]))) {
      this.addChannel(channel, { idempotent: !notIdempotent.includes(channel) });
    }
    this.pager = this.#create();
  }

  addChannel(channel: string, options: { idempotent?: boolean; minIntervalMs?: number } = {}): ScriptedNotifier {
    const note = (page: Page) => {
      const seconds = (this.clock.now() - this.#start) / 1000;
      this.sends.push(`+${seconds.toFixed(0)} ${channel} ${page.kind} ${page.incidentId}`);
    };
    const notifier = new ScriptedNotifier({ channel, note, ...options });
    this.channels.set(channel, notifier);
    return notifier;
  }

  channel(name: string): ScriptedNotifier {
    const notifier = this.channels.get(name);
    if (!notifier) throw new Error(`no channel ${name}`);
    return notifier;
  }

  /** A new process on the same store, as after `kill -9`: what was in memory is gone, and its timers. */
  restart(): Promise<void> {
    return this.restartWith(() => {});
  }

  /** The same, with channels that are told what to do before anything is sent. */
  async restartWith(tell: (notifier: ScriptedNotifier) => void): Promise<void> {
    this.clock = new TestClock(this.clock.now());
    for (const [name, old] of this.channels) {
      tell(this.addChannel(name, { idempotent: old.idempotent, minIntervalMs: old.minIntervalMs }));
    }
    this.pager = this.#create();
    await this.pager.load();
    await this.clock.advance(0);
  }

  /** Hands over a change of an incident, and lets what is due happen. */
  async change(
    kind: IncidentChange["kind"],
    incident: Partial<Incident> = {},
    over: Partial<IncidentChange> = {},
  ): Promise<void> {
    const isEnd = kind === "acknowledged" || kind === "resolved";
    const state = isEnd ? kind : "open";
    await this.pager.changed({
      kind,
      incident: sampleIncident({ id: "inc_1", severity: "high", state, ...incident }),
      runbook: sampleRunbook(),
      detection: isEnd ? undefined : sampleDetection(),
      page: !isEnd,
      ...over,
    });
    await this.clock.advance(0);
  }

  /** `channel kind state` of each delivery, in the order they were made. */
  states(): string[] {
    return this.deliveries().map(({ channel, page, state }) => `${channel} ${page.kind} ${state}`);
  }

  deliveries(): Delivery[] {
    return this.store.rows("deliveries").map((row) => row.body as Delivery);
  }

  lines(): string[] {
    return this.timeline.map(({ event }) => `${event.kind}: ${event.text}`);
  }

  #create(): Pager {
    return createPager({
      store: this.store,
      clock: this.clock,
      log: silentLog,
      metrics: this.metrics,
      teams: this.teams,
      channels: new Map(this.channels),
      service: "gatewatch@test",
      publicUrl: "https://gatewatch.shop.example/",
      perTeamPerHour: 5,
      timeline: (incident, event) => this.write(incident, event),
      trouble: (channel, text) => void this.troubles.push([channel, text]),
      random: () => 0.5,
    });
  }
}
