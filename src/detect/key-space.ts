import type { AccessEvent } from "../normalize/access-event.ts";
import type { Dimension } from "./define-detector.ts";
import { hashed, hashKey } from "./hash.ts";
import { KeyTable } from "./key-table.ts";
import type { Lane } from "./lane.ts";

/** Between the parts of a key's text; can't occur in them, since control characters are cut before. */
const separator = "\u001f";

/** One table of keys made of the same dimensions, and the lanes whose columns its rows are. */
export class KeySpace {
  readonly dimensions: readonly Dimension[];
  readonly table: KeyTable;
  readonly lanes: Lane[] = [];
  /** How many open episodes each row has; such rows give way last. */
  readonly #pins = new Map<number, number>();
  #keepMs = 0;
  #lastEvent = -1;
  #lastRow = -1;

  constructor(dimensions: readonly Dimension[], rows: number) {
    this.dimensions = dimensions;
    this.table = new KeyTable(rows, {
      onEvict: (row) => {
        this.#pins.delete(row);
        for (const lane of this.lanes) lane.forget(row);
      },
      isPinned: (row) => this.#pins.has(row),
    });
  }

  /** How long after its last event a row can still matter to a window that is not sealed, ms. */
  get keepMs(): number {
    return this.#keepMs;
  }

  addLane(lane: Lane): void {
    this.lanes.push(lane);
    this.#keepMs = Math.max(this.#keepMs, lane.keepMs);
  }

  /** An episode of this row has opened. */
  pin(row: number): void {
    this.#pins.set(row, (this.#pins.get(row) ?? 0) + 1);
  }

  /** An episode of this key has closed; its row may be another's by now. */
  unpin(row: number, name: string): void {
    if (this.table.names[row] !== name) return;
    const pins = this.#pins.get(row) ?? 0;
    if (pins > 1) this.#pins.set(row, pins - 1);
    else this.#pins.delete(row);
  }

  /** The event's row, made when needed; -1 when the event lacks a dimension. Looked up once for each event. */
  rowOf(event: AccessEvent, serial: number): number {
    if (serial === this.#lastEvent) return this.#lastRow;
    this.#lastEvent = serial;
    const name = this.nameOf(event);
    if (name === undefined) return (this.#lastRow = -1);
    hashKey(name);
    const second = Math.floor(event.time / 1000);
    const expired = Math.floor((event.time - this.#keepMs) / 1000);
    return (this.#lastRow = this.table.claim({ hi: hashed.hi, lo: hashed.lo }, { second, expired }, name));
  }

  /** The row of a key that was saved, made anew. */
  restore(name: string, of: { seen: number; touches: number }): number {
    hashKey(name);
    return this.table.restore({ hi: hashed.hi, lo: hashed.lo }, of, name);
  }

  /** The text of an event's key; `undefined` when a part is unknown. */
  nameOf(event: AccessEvent): string | undefined {
    let name = "";
    for (let i = 0; i < this.dimensions.length; i++) {
      const part = dimensionOf(event, this.dimensions[i]!);
      if (part === undefined) return undefined;
      name += i === 0 ? part : separator + part;
    }
    return name;
  }

  /** The key of a row by dimension. */
  keyOf(row: number): Record<string, string> {
    const parts = this.table.names[row]?.split(separator) ?? [];
    return Object.fromEntries(this.dimensions.map((dimension, i) => [dimension, parts[i] ?? ""]));
  }

  /** One part of a row's key, by its place among the dimensions. */
  partOf(row: number, place: number): string | undefined {
    return this.table.names[row]?.split(separator)[place];
  }

  /** The row of a key given by dimension; -1 when there is none. */
  find(key: Readonly<Record<string, string>>): number {
    hashKey(this.dimensions.map((dimension) => key[dimension] ?? "").join(separator));
    return this.table.find(hashed.hi, hashed.lo);
  }
}

/** One part of a key, as text. */
export function dimensionOf(event: AccessEvent, dimension: Dimension): string | undefined {
  switch (dimension) {
    case "clientIp":
      return event.clientKey;
    case "actor":
      return actorOf(event);
    case "asn":
      return event.asn === undefined ? undefined : String(event.asn);
    case "network":
      return event.clientKey === undefined ? undefined : networkOf(event.clientKey);
    case "sku":
    case "promoCode":
    case "cardBin":
      return event.attributes?.[dimension];
    case "provider":
      return event.attributes?.[dimension] ?? (event.origin === "shop" ? event.endpointClass : event.route);
    case "nonce":
      return event.attributes?.["nonce"] ?? event.attributes?.["idempotencyKey"];
    default:
      return event[dimension];
  }
}

/** The surest name for whoever asks: `user:…`, else `key:…`, else `ip:…`. */
export function actorOf(event: AccessEvent): string | undefined {
  if (event.userId !== undefined) return `user:${event.userId}`;
  if (event.apiKey !== undefined) return `key:${event.apiKey}`;
  return event.clientKey === undefined ? undefined : `ip:${event.clientKey}`;
}

/** The /24 around an IPv4 address, the /48 around an IPv6 client's /64; both as canonical text. */
export function networkOf(clientKey: string): string {
  if (!clientKey.includes(":")) return `${clientKey.slice(0, clientKey.lastIndexOf("."))}.0/24`;
  const groups = clientKey.slice(0, clientKey.indexOf("::")).split(":").slice(0, 3);
  while (groups.length > 0 && (groups.at(-1) === "0" || groups.at(-1) === "")) groups.pop();
  return `${groups.join(":")}::/48`;
}
