import type { EventField, RejectReason } from "./access-event.ts";
import type { Draft } from "./draft.ts";

/** One parsed JSON object of a log; nothing in it is known to be of any type. */
export type JsonRecord = Readonly<Record<string, unknown>>;

interface FormatOf<Kind extends "json" | "text", Record> {
  /** The file's name without `.ts`, and what a configuration calls it. */
  readonly id: string;
  readonly title: string;
  /** `json`: a record is an object. `text`: a record is a line. */
  readonly kind: Kind;
  /** Every field it can ever fill; a detector that needs another one is blind on it. */
  readonly provides: readonly EventField[];
  /** How sure it is that a record is of this format: 0 not at all, 1 certain. Never throws. */
  matches(sample: Record): number;
  /**
   * Reads one record into the draft, and answers with why it can't, or `undefined`. Never throws,
   * whatever the record holds, and keeps no part of the record: the same object may come again
   * with other values.
   */
  read(record: Record, draft: Draft): RejectReason | undefined;
}

export type JsonFormat = FormatOf<"json", JsonRecord>;
export type TextFormat = FormatOf<"text", string>;

/** One kind of log. A new one is a file in `formats/`, a line in `format-list.ts`, and golden cases. */
export type LogFormat = JsonFormat | TextFormat;
