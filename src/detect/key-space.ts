import type { AccessEvent } from "../normalize/access-event.ts";
import { type Dimension, dimensionOf } from "./dimension.ts";
import { hashed } from "./hash.ts";
import { hashEvent, hashParts } from "./key-hash.ts";
import { KeyNames } from "./key-names.ts";
import { KeyTable } from "./key-table.ts";
import type { Lane } from "./lane.ts";
import { Observations } from "./observations.ts";

/** Between the parts of a key's text; can't occur in them, since control characters are cut before. */
const separator = "\u001f";

/** One table of keys made of the same dimensions, and the lanes whose columns its rows are. */
export class KeySpace {
  readonly dimensions: readonly Dimension[];
  readonly table: KeyTable;
  readonly lanes: Lane[] = [];
  /** What its lanes keep of single events. */
  readonly observations: Observations;
  /** The texts of keys that something may be found about, for as long as it may; of all others the hash is enough. */
  readonly names: KeyNames;
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
        this.names.delete(row);
        for (const lane of this.lanes) lane.forget(row);
      },
      isPinned: (row) => this.#pins.has(row),
    });
    this.observations = new Observations(this.table.capacity);
    this.names = new KeyNames(this.table.capacity);
  }

  /** How long after its last event a row can still matter to a window that is not sealed, ms. */
  get keepMs(): number {
    return this.#keepMs;
  }

  addLane(lane: Lane): void {
    this.lanes.push(lane);
    lane.cooled = (row) => this.#cooled(row);
    this.#keepMs = Math.max(this.#keepMs, lane.keepMs);
  }

  /** An episode of this row has opened. */
  pin(row: number): void {
    this.#pins.set(row, (this.#pins.get(row) ?? 0) + 1);
  }

  /** An episode of this key has closed; its row may be another's by now. */
  unpin(row: number, name: string): void {
    if (this.names.get(row) !== name) return;
    const pins = this.#pins.get(row) ?? 0;
    if (pins > 1) this.#pins.set(row, pins - 1);
    else {
      this.#pins.delete(row);
      this.#cooled(row);
    }
  }

  /** The event's row, made when needed; -1 when the event lacks a dimension. Looked up once for each event. */
  rowOf(event: AccessEvent, serial: number): number {
    if (serial === this.#lastEvent) return this.#lastRow;
    this.#lastEvent = serial;
    if (!hashEvent(event, this.dimensions)) return (this.#lastRow = -1);
    const expired = Math.floor((event.time - this.#keepMs) / 1000);
    return (this.#lastRow = this.table.claim(hashed, Math.floor(event.time / 1000), expired));
  }

  /** The row of a key given by its parts, made when needed; `time`: of its last event, epoch ms. */
  rowFor(parts: readonly string[], time: number): number {
    hashParts(parts, this.dimensions);
    return this.table.claim(hashed, Math.floor(time / 1000), Math.floor((time - this.#keepMs) / 1000));
  }

  /** As `remember`, of a key given by its parts. */
  rememberKey(row: number, parts: readonly string[]): void {
    if (!this.names.has(row)) this.names.set(row, Buffer.from(parts.join(separator)).toString());
  }

  /** The row of the event that was looked up last. */
  get lastRow(): number {
    return this.#lastRow;
  }

  /** Something may be found about this event's key: keeps its text, copied, so that no line of a log is kept alive. */
  remember(row: number, event: AccessEvent): void {
    if (!this.names.has(row)) this.names.set(row, Buffer.from(this.nameOf(event)!).toString());
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

  /** The key of a row by dimension; of one whose text is kept. */
  keyOf(row: number): Record<string, string> {
    const parts = this.names.get(row)?.split(separator) ?? [];
    return Object.fromEntries(this.dimensions.map((dimension, i) => [dimension, parts[i] ?? ""]));
  }

  /** One part of a row's key, by its place among the dimensions. */
  partOf(row: number, place: number): string | undefined {
    return this.names.get(row)?.split(separator)[place];
  }

  /** The row of a key given by dimension; -1 when there is none. */
  find(key: Readonly<Record<string, string>>): number {
    hashParts(
      this.dimensions.map((dimension) => key[dimension] ?? ""),
      this.dimensions,
    );
    return this.table.find(hashed.hi, hashed.lo);
  }

  /** Nothing can be found about a row that is hot in no lane, and has no episode: its text is told again with its next event. */
  #cooled(row: number): void {
    if (!this.#pins.has(row) && !this.lanes.some(({ hot }) => hot.has(row))) this.names.delete(row);
  }
}
