import type { EventField, RejectReason } from "./access-event.ts";
import type { Draft } from "./draft.ts";

/** One parsed JSON object of a log; nothing in it is known to be of any type. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Parts of a record, and the event's fields that each can fill (none: it only says how to read another).
 * For JSON a part is a path, and stands for all that lies below: `request.uri`, `["user.id"]` for a key
 * with a dot. For text it is the name that the gateway's manual gives: `$remote_addr`.
 */
export type RecordKeys = Readonly<Record<string, EventField | readonly EventField[]>>;

interface FormatOf<Kind extends "json" | "text", Record> {
  /** The file's name without `.ts`, and what a configuration calls it. */
  readonly id: string;
  readonly title: string;
  /** `json`: a record is an object. `text`: a record is a line. */
  readonly kind: Kind;
  /** Every part of a record that `read` may look at, and the fields of the event that it can fill. */
  readonly keys: RecordKeys;
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
