import type { KeyTable } from "./key-table.ts";
import { type SavedUsers, UserBitmaps } from "./user-bitmaps.ts";

const minute = 60_000;
/** Beyond so many new users within a minute, further ones count once they succeed again. */
const maxPending = 131_072;
/** Places noted last, so that who succeeds again at once isn't noted again. */
const recentPlaces = 65_536;
/** A client's bits: the number of a row and a bit is one number. */
const bitsPerRow = 64;

/**
 * How many users succeeded from each client, as of the last full minute of event time: what is judged
 * by it doesn't depend on the order in which events were read. Rows are those of the table of clients.
 */
export class SettledUsers {
  readonly #clients: KeyTable;
  readonly #users: UserBitmaps;
  /** By minute that is not settled yet. */
  readonly #pending = new Map<number, Waiting>();
  #settled = 0;
  /** The minute in which a user was seen first; before it nothing is known of any client. */
  #since = Infinity;

  constructor(clients: KeyTable) {
    this.#clients = clients;
    this.#users = new UserBitmaps(clients.capacity);
  }

  /** A request told a user, whether it succeeded or not. */
  told(time: number): void {
    this.#since = Math.min(this.#since, Math.floor(time / minute));
  }

  /** A user, given by 32 bits of hash, succeeded from the client in `row`; it settles once its minute is over. */
  see(row: number, user: number, time: number): void {
    const bit = UserBitmaps.bitOf(user);
    if (this.#users.has(row, bit, time)) return;
    this.#wait(Math.floor(time / minute), row * bitsPerRow + bit);
  }

  /** Takes in the minutes that are over at `tick`, epoch ms. */
  settle(tick: number): void {
    if (tick <= this.#settled) return;
    this.#settled = tick;
    const over = [...this.#pending.keys()].filter((at) => at * minute < tick);
    for (const at of over.sort((a, b) => a - b)) {
      const { places, clients, count } = this.#pending.get(at)!;
      for (let i = 0; i < count; i++) {
        const row = Math.floor(places[i]! / bitsPerRow);
        // The row may have been given to another client since.
        if (this.#clients.lo[row] !== clients[i]) continue;
        this.#users.add(row, places[i]! % bitsPerRow, at * minute);
        this.#clients.changed.mark(row);
      }
      this.#pending.delete(at);
    }
  }

  /** Distinct users who succeeded from a client within a day; `undefined` where no log told users by then. */
  count(row: number): number | undefined {
    if (this.#since * minute >= this.#settled) return undefined;
    return row === -1 ? 0 : this.#users.count(row, this.#settled);
  }

  forget(row: number): void {
    this.#users.forget(row);
  }

  /** Of those rows; and who waits in any. */
  save(rows: readonly number[]): SavedSettled {
    const pending = [...this.#pending].map(([at, { places, clients, count }]) => {
      // The row may have been given to another client since.
      const isSame = (place: number, i: number) => this.#clients.lo[Math.floor(place / bitsPerRow)] === clients[i];
      return [at, places.slice(0, count).filter(isSame)] as const;
    });
    return { ...this.#users.save(rows), pending, settled: this.#settled, since: this.#since };
  }

  /** `rows`: where those that were saved are now; -1: they are not wanted. */
  loadRows(saved: SavedUsers, rows: Int32Array): void {
    for (const [place, row] of rows.entries()) if (row !== -1) this.#users.load(row, saved, place);
  }

  /** Who waits, as it was when it was saved last. `moved`: where each row is now. */
  loadPending({ settled, since, pending }: SavedSettled, moved: Int32Array): void {
    this.#settled = settled;
    this.#since = since;
    for (const [at, places] of pending) {
      for (const place of places) {
        const row = moved[Math.floor(place / bitsPerRow)] ?? -1;
        if (row !== -1) this.#wait(at, row * bitsPerRow + (place % bitsPerRow));
      }
    }
  }

  #wait(at: number, place: number): void {
    let waiting = this.#pending.get(at);
    if (waiting === undefined) {
      waiting = {
        places: new Float64Array(maxPending),
        clients: new Uint32Array(maxPending),
        count: 0,
        recent: new Float64Array(recentPlaces).fill(-1),
      };
      this.#pending.set(at, waiting);
    }
    const cell = (place ^ (place >>> 16)) & (recentPlaces - 1);
    if (waiting.recent[cell] === place || waiting.count === maxPending) return;
    waiting.recent[cell] = place;
    waiting.places[waiting.count] = place;
    waiting.clients[waiting.count++] = this.#clients.lo[Math.floor(place / bitsPerRow)]!;
  }
}

export interface SavedSettled extends SavedUsers {
  /** Numbers of rows, each with a bit. */
  readonly pending: readonly (readonly [minute: number, places: Float64Array])[];
  readonly settled: number;
  readonly since: number;
}

/** Who is to be settled once a minute is over: rows and bits as one number each, and the low halves of the clients' hashes. */
interface Waiting {
  readonly places: Float64Array;
  readonly clients: Uint32Array;
  readonly recent: Float64Array;
  count: number;
}
