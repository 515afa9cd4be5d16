import type { AccessEvent } from "./access-event.ts";
import { FieldCounts } from "./field-counts.ts";
import { parseKeyPath } from "./key-path.ts";
import { LineReader } from "./line-reader.ts";
import type { LogFormat } from "./log-format.ts";
import type { SourceFormat } from "./source-format.ts";
import { createWallClock, type WallClock } from "./time-zone.ts";

/** What a source's records are. */
export interface SourceOptions {
  /** What its events' `gateway` says. */
  readonly gateway: string;
  /** `auto`, a format of `formatList`, or a name under `formats:`. */
  readonly format: string;
  /** The zone of times that are logged without one: `UTC` (the default), `Europe/Berlin`, `+02:00`. */
  readonly timeZone?: string;
  /** True: the client's address in shop events is believed (default: false). */
  readonly trustClientIp?: boolean;
}

/** What is known of one source: its format, how its lines are built, and which fields its events had. */
export class SourceState {
  readonly gateway: string;
  readonly trustClientIp: boolean;
  readonly clock: WallClock;
  readonly format: SourceFormat;
  readonly counts = new Map<string, FieldCounts>();
  #reader: LineReader | undefined;
  #readerOf: LogFormat | undefined;

  constructor({ gateway, timeZone = "UTC", trustClientIp = false }: SourceOptions, format: SourceFormat) {
    this.gateway = gateway;
    this.trustClientIp = trustClientIp;
    this.clock = createWallClock(timeZone);
    this.format = format;
  }

  /** Reads JSON lines of the format that the source has now; `undefined` as long as it has none, or one of text. */
  get reader(): LineReader | undefined {
    const { current } = this.format;
    if (current !== this.#readerOf) {
      this.#readerOf = current;
      this.#reader = current?.kind === "json" ? new LineReader(Object.keys(current.keys).map(parseKeyPath)) : undefined;
    }
    return this.#reader;
  }

  /** Counts the fields of an event that was read as `format`. */
  count(event: AccessEvent, source: string, format: string): void {
    let counts = this.counts.get(format);
    if (counts === undefined) this.counts.set(format, (counts = new FieldCounts(source, format)));
    counts.add(event);
  }
}
