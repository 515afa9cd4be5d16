import type { AccessEvent, NormalizedBatch, RejectedRecord, RejectReason } from "../normalize/access-event.ts";
import { Draft } from "../normalize/draft.ts";
import type { Envelope } from "../normalize/envelope.ts";
import { findFormat } from "../normalize/find-format.ts";
import { shopEvent } from "../normalize/formats/shop-event.ts";
import type { JsonRecord, LogFormat } from "../normalize/log-format.ts";
import type { Normalizer } from "../normalize/normalizer.ts";
import { SourceFormat } from "../normalize/source-format.ts";
import { unwrapRecord } from "../normalize/unwrap-record.ts";
import type { RawBatch } from "../source/raw-batch.ts";

/** One log entry of a record, and what became of it. */
export interface ExplainedEntry {
  /** Of its record. */
  readonly offset: number;
  /** Which of its record's entries it is, from 0. */
  readonly index: number;
  /** What it was read as; `undefined` where no format was found. */
  readonly format: LogFormat | undefined;
  readonly envelopes: readonly Envelope[];
  /** What was read; `undefined` where nothing was found to read. */
  readonly sample: JsonRecord | string | undefined;
  /** Either this or `rejected`. */
  readonly event: AccessEvent | undefined;
  readonly rejected: Pick<RejectedRecord, "reason" | "detail" | "head"> | undefined;
}

/**
 * Reads batches of one source and tells of each entry what it came through, what it was read as, and
 * what the normalizer made of it. The events are the normalizer's own; only the way to the entries
 * is gone a second time, to see what lies on it.
 */
export class EntryReader {
  readonly #normalizer: Normalizer;
  readonly #format: SourceFormat;
  readonly #draft = new Draft();

  /** With the same candidates as the normalizer; one that was named, or all. */
  constructor(
    normalizer: Normalizer,
    { candidates, isNamed }: { readonly candidates: readonly LogFormat[]; readonly isNamed: boolean },
  ) {
    this.#normalizer = normalizer;
    this.#format = new SourceFormat(candidates, isNamed);
  }

  /** In the order of their offsets. */
  read(batch: RawBatch): ExplainedEntry[] {
    const made = new MadeOf(this.#normalizer.normalize(batch));
    const entries: ExplainedEntry[] = [];
    if (this.#format.current === undefined) findFormat(this.#format, batch.records);
    for (const [i, record] of batch.records.entries())
      this.#unwrap(record, { offset: batch.offsets[i]!, made, entries });
    for (const { offset } of batch.refused) {
      entries.push({
        offset,
        index: 0,
        format: this.#format.current,
        envelopes: [],
        sample: undefined,
        ...made.of(offset, 0),
      });
    }
    return entries.sort((a, b) => a.offset - b.offset);
  }

  #unwrap(
    record: string | Uint8Array,
    { offset, made, entries }: { readonly offset: number; readonly made: MadeOf; readonly entries: ExplainedEntry[] },
  ): void {
    const format = this.#format;
    let index = 0;
    unwrapRecord(record, {
      isRecord: (object) => format.knows(object),
      isLine: (text) => format.current?.kind !== "json" || format.knows(text),
      line: () => false,
      entry: (sample, { envelopes }) => {
        const outcome = made.of(offset, index);
        const readAs = this.#follow(sample);
        entries.push({ offset, index, format: readAs, envelopes, sample, ...outcome });
        index++;
      },
      reject: (_reason, _detail, _text, envelopes) => {
        entries.push({
          offset,
          index,
          format: format.current,
          envelopes,
          sample: undefined,
          ...made.of(offset, index),
        });
        index++;
      },
    });
  }

  /** What an entry is read as; the source's format moves on as the normalizer's does. */
  #follow(sample: JsonRecord | string): LogFormat | undefined {
    const format = this.#format;
    if (format.current === undefined) format.find([sample]);
    if (readEntry(format.current, sample, this.#draft) === undefined) format.fits();
    else if (typeof sample === "object" && format.current !== shopEvent && shopEvent.matches(sample) > 0) {
      return shopEvent;
    } else format.misfits(sample);
    return format.current;
  }
}

/** Fills a draft as the normalizer does; answers why it could not. */
export function readEntry(
  format: LogFormat | undefined,
  sample: JsonRecord | string,
  draft: Draft,
): RejectReason | undefined {
  draft.reset();
  if (format?.kind === "json" && typeof sample === "object") return format.read(sample, draft);
  if (format?.kind === "text" && typeof sample === "string") return format.read(sample, draft);
  return "unknown_format";
}

// helpers

type Made = Pick<ExplainedEntry, "event" | "rejected">;

/** What the normalizer made of each entry of a batch. */
class MadeOf {
  readonly #events = new Map<string, AccessEvent>();
  readonly #rejected = new Map<string, RejectedRecord>();

  constructor({ events, offsets, indexes, rejected }: NormalizedBatch) {
    for (const [i, event] of events.entries()) this.#events.set(`${offsets[i]}/${indexes[i]}`, event);
    for (const record of rejected) this.#rejected.set(`${record.offset}/${record.index}`, record);
  }

  of(offset: number, index: number): Made {
    const place = `${offset}/${index}`;
    return { event: this.#events.get(place), rejected: this.#rejected.get(place) };
  }
}
