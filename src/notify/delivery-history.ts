import type { Store } from "../store/store.ts";
import type { DeliveryBook } from "./delivery-book.ts";
import type { Delivery } from "./notifier.ts";

/** Which deliveries are wanted; newest first, ties by id downwards. */
export interface DeliveryQuery {
  readonly limit: number;
  readonly incident?: string | undefined;
  readonly channel?: string | undefined;
  /** Only what comes after this one in the list. */
  readonly before?: { readonly time: number; readonly id: string } | undefined;
}

/** Answers from memory; the store is asked only for what memory has forgotten. */
export class DeliveryHistory {
  readonly #book: DeliveryBook;
  readonly #store: Store;
  readonly #failed: (error: unknown) => void;

  constructor(options: { book: DeliveryBook; store: Store; failed: (error: unknown) => void }) {
    this.#book = options.book;
    this.#store = options.store;
    this.#failed = options.failed;
  }

  /** All deliveries of an incident, in the order they were made. */
  async ofIncident(incident: string): Promise<readonly Delivery[]> {
    if (this.#book.ofIncident(incident).length === 0 && !this.#book.isComplete) {
      const saved = await this.#ask("incident = {incident:String}", { incident }, 1_000);
      for (const delivery of saved.toSorted((a, b) => a.createdAt - b.createdAt)) this.#book.put(delivery);
    }
    return this.#book.ofIncident(incident);
  }

  async list(query: DeliveryQuery): Promise<readonly Delivery[]> {
    const isWanted = (d: Delivery) =>
      (query.incident === undefined || d.incident === query.incident) &&
      (query.channel === undefined || d.channel === query.channel) &&
      (query.before === undefined || isAfter(d, query.before));
    const known = this.#book.all().filter(isWanted).sort(newestFirst).slice(0, query.limit);
    if (known.length === query.limit || this.#book.isComplete) return known;
    const { incident = "", channel = "", before } = query;
    const conditions = [
      ...(incident === "" ? [] : ["incident = {incident:String}"]),
      ...(channel === "" ? [] : ["channel = {channel:String}"]),
      ...(before ? ["time <= fromUnixTimestamp64Milli({time:Int64})"] : []),
    ].join(" AND ");
    const saved = await this.#ask(conditions, { incident, channel, time: before?.time ?? 0 }, query.limit + 20);
    const newest = new Map(saved.filter(isWanted).map((delivery) => [delivery.id, delivery]));
    for (const delivery of known) newest.set(delivery.id, delivery);
    return [...newest.values()].sort(newestFirst).slice(0, query.limit);
  }

  /** A page must not wait for a store that is away: what memory has is the newest of it. */
  async #ask(where: string, params: Readonly<Record<string, unknown>>, limit: number): Promise<Delivery[]> {
    try {
      return await this.#store.latest<Delivery>("deliveries", where, params, limit);
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }
}

// helpers

function newestFirst(a: Delivery, b: Delivery): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}

function isAfter(delivery: Delivery, place: { readonly time: number; readonly id: string }): boolean {
  return delivery.createdAt < place.time || (delivery.createdAt === place.time && delivery.id < place.id);
}
