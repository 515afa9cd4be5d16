import type { Writable } from "node:stream";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Decision } from "../block/decision.ts";
import type { Incident } from "../incident/incident.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Delivery } from "../notify/notifier.ts";
import type { ApiServices } from "./api-services.ts";
import { ChangeFeed, type Changes } from "./change-feed.ts";
import { decisionSchema } from "./decision-schema.ts";
import { deliverySchema } from "./delivery-schema.ts";
import { incidentSchema, withLinks } from "./incident-schema.ts";
import { LatelyResolved } from "./lately-resolved.ts";
import type { createResponseSerializer, WriteAnswer } from "./response-serializer.ts";
import { serviceStatus } from "./service-status.ts";

const tickMs = 2000;
/** Consoles that may listen at once. */
export const maxListeners = 32;
/** A listener with more unsent than this is too slow; it is cut off, and comes back for a new snapshot. */
const maxUnsentBytes = 4 * 1024 * 1024;
const lengths = { live: 100, decisions: 100, deliveries: 30 } as const;

type Services = Pick<ApiServices, "incidents" | "decisions" | "deliveries" | "status">;

export interface EventHubOptions {
  readonly services: Services;
  readonly serializer: ReturnType<typeof createResponseSerializer>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Tells consoles what changed, as server-sent events: `snapshot` first, then `changes` with every
 * tick. All listeners share one reading of the services; without listeners nothing is read.
 */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #listeners = new Set<Writable>();
  /** Joined since the last tick; they get everything with the next. */
  readonly #newcomers = new Set<Writable>();
  readonly #incidents = new ChangeFeed<Incident>({ idOf: ({ id }) => id, stateOf: ({ version }) => version });
  readonly #deliveries = new ChangeFeed<Delivery>({ idOf: ({ id }) => id, stateOf: ({ version }) => version });
  readonly #decisions = new ChangeFeed<Decision>({
    idOf: ({ id }) => String(id),
    // Whom a dry run would have hit is counted without a new version.
    stateOf: ({ version, wouldHaveHit }) => `${version}/${wouldHaveHit?.requests ?? 0}`,
  });
  readonly #failures;
  readonly #write: WriteAnswer;
  readonly #resolved: LatelyResolved;
  #stopTicking: (() => void) | undefined;
  #reading = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
    this.#write = options.serializer({ schema: eventData, url: "/v1/events" });
    this.#failures = options.metrics.counter(
      "gatewatch_api_event_failures_total",
      "Readings for the event stream that failed",
    );
    const { services, clock } = options;
    this.#resolved = new LatelyResolved({ incidents: services.incidents, clock, failed: () => this.#failures.inc() });
    options.metrics.gauge("gatewatch_api_event_listeners", "Consoles that listen to the event stream").set(0);
  }

  get hasRoom(): boolean {
    return this.#listeners.size < maxListeners;
  }

  /** Sends events to `listener` until it closes. */
  add(listener: Writable): void {
    this.#listeners.add(listener);
    this.#newcomers.add(listener);
    listener.once("close", () => this.#remove(listener));
    this.#count();
    this.#stopTicking ??= this.#options.clock.every(tickMs, () => void this.tick());
    void this.tick();
  }

  /** Reads the services once and tells everyone; does nothing while an earlier reading is under way. */
  async tick(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const changes = await this.#read();
      const update = this.#encode("changes", changes);
      const snapshot = this.#newcomers.size > 0 ? this.#encode("snapshot", this.#everything()) : "";
      for (const listener of this.#listeners) this.#send(listener, this.#newcomers.has(listener) ? snapshot : update);
      this.#newcomers.clear();
    } catch (error) {
      this.#failures.inc();
      this.#options.log.warn({ err: error }, "the event stream could not be updated");
      for (const listener of this.#listeners) this.#send(listener, "event: trouble\ndata: {}\n\n");
    } finally {
      this.#reading = false;
    }
  }

  /** Ends every stream. */
  close(): void {
    for (const listener of this.#listeners) listener.end();
    this.#stop();
  }

  async #read() {
    const { services } = this.#options;
    const { incidents, decisions, deliveries } = services;
    const all = { before: undefined };
    const [live, current, recent] = await Promise.all([
      incidents.list({ ...all, state: "live", limit: lengths.live }),
      decisions.list({ ...all, state: "current", scope: undefined, value: undefined, limit: lengths.decisions }),
      deliveries.list({ ...all, channel: undefined, limit: lengths.deliveries }),
    ]);
    return {
      status: services.status(),
      incidents: this.#incidents.update([...live, ...this.#resolved.beside(live)]),
      decisions: this.#decisions.update(current),
      deliveries: this.#deliveries.update(recent),
    };
  }

  #everything() {
    return {
      status: this.#options.services.status(),
      incidents: this.#incidents.all(),
      decisions: this.#decisions.all(),
      deliveries: this.#deliveries.all(),
    };
  }

  /** JSON has no raw line breaks, so one `data:` line is enough. */
  #encode(event: "snapshot" | "changes", content: EventContent): string {
    const { changed, gone } = content.incidents;
    const data = this.#write({ ...content, incidents: { changed: changed.map(withLinks), gone } });
    return `event: ${event}\ndata: ${data}\n\n`;
  }

  #send(listener: Writable, text: string): void {
    if (listener.writableLength > maxUnsentBytes) listener.destroy();
    else if (listener.writable) listener.write(text);
  }

  #remove(listener: Writable): void {
    this.#listeners.delete(listener);
    this.#newcomers.delete(listener);
    this.#count();
    if (this.#listeners.size === 0) this.#stop();
  }

  #stop(): void {
    this.#stopTicking?.();
    this.#stopTicking = undefined;
    for (const feed of [this.#incidents, this.#decisions, this.#deliveries]) feed.clear();
  }

  #count(): void {
    this.#options.metrics
      .gauge("gatewatch_api_event_listeners", "Consoles that listen to the event stream")
      .set(this.#listeners.size);
  }
}

// helpers

const eventData = z.object({
  status: serviceStatus,
  incidents: changesOf(incidentSchema),
  decisions: changesOf(decisionSchema),
  deliveries: changesOf(deliverySchema),
});

function changesOf<T extends z.ZodType>(item: T) {
  return z.object({ changed: z.array(item).readonly(), gone: z.array(z.string()).readonly() });
}

interface EventContent {
  readonly status: z.output<typeof serviceStatus>;
  readonly incidents: Changes<Incident>;
  readonly decisions: Changes<Decision>;
  readonly deliveries: Changes<Delivery>;
}
