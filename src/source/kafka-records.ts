import { inflaters, undecodableKey } from "./kafka-codecs.ts";

/** What is known of a whole record batch; its first fields are what kafkajs asks of aborted transactions. */
interface RecordBatch {
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControl: boolean;
  /** Its transaction was given up. */
  isAborted: boolean;
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  /** Where the broker stamps records itself: the same for all of them. */
  readonly appendedAt: number | undefined;
}

/** One record, with what kafkajs' messages have. Its numbers are read once, and are text only for who asks. */
export class FetchedRecord {
  readonly magicByte = 2;
  readonly attributes = 0;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly batchContext: RecordBatch;
  readonly offsetNumber: number;
  /** Epoch ms; -1 where the record has none. */
  readonly timestampMs: number;

  constructor(batch: RecordBatch, from: RecordFields) {
    this.batchContext = batch;
    this.offsetNumber = batch.firstOffset + from.offsetDelta;
    this.timestampMs = batch.appendedAt ?? batch.firstTimestamp + from.timestampDelta;
    this.key = from.key;
    this.value = from.value;
    this.headers = from.headers;
  }

  get offset(): string {
    return String(this.offsetNumber);
  }

  get timestamp(): string {
    return String(this.timestampMs);
  }

  /** What no reader is shown: markers of transactions, and what was given up. */
  get isControlRecord(): boolean {
    return this.batchContext.isControl || this.batchContext.isAborted;
  }
}

/**
 * Reads what a broker has of one partition: whole record batches, and often the beginning of another,
 * which is left out. Records of a batch that can't be inflated or read come through as `isUndecodable`.
 * Answers `undefined` for records in a format older than Kafka 0.11's.
 */
export function readRecordBatches(bytes: Buffer): FetchedRecord[] | undefined {
  const records: FetchedRecord[] = [];
  for (let at = 0; bytes.length - at >= headBytes;) {
    const end = at + bytes.readInt32BE(at + 8) + 12;
    if (end > bytes.length) break;
    if (bytes[at + 16] !== 2) return undefined;
    readBatch(bytes.subarray(at, end), records);
    at = end;
  }
  return records;
}

/** A transaction that was given up: whose, and the offset of its first record. */
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

/**
 * Marks records of transactions that were given up. kafkajs can do this as well, but begins only one of them with
 * each record: where the transactions of several producers began before what was fetched, it shows some.
 */
export function markAborted(records: readonly FetchedRecord[], aborted: readonly AbortedTransaction[]): void {
  if (aborted.length === 0) return;
  const begun = aborted
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
    .sort((a, b) => b.firstOffset - a.firstOffset);
  const under = new Set<string>();
  for (const { batchContext: batch, offsetNumber, key } of records) {
    while (begun.length > 0 && begun.at(-1)!.firstOffset <= offsetNumber) under.add(begun.pop()!.producerId);
    if (batch.isControl && key?.equals(abortMarker)) under.delete(batch.producerId);
    else if (batch.inTransaction && !batch.isControl) batch.isAborted = under.has(batch.producerId);
  }
}

/** Version 0, type 0. */
const abortMarker = Buffer.from([0, 0, 0, 0]);

/**
 * The offset after the last whole batch; `undefined` where there is none. Batches that compaction has
 * emptied count, which no record tells of: who reads on from the last record would stay before them.
 */
export function offsetAfter(bytes: Buffer): number | undefined {
  let after: number | undefined;
  for (let at = 0; bytes.length - at >= headBytes;) {
    const end = at + bytes.readInt32BE(at + 8) + 12;
    if (end > bytes.length) break;
    after = int64(bytes, at) + bytes.readInt32BE(at + 23) + 1;
    at = end;
  }
  return after;
}

// helpers

type Headers = Readonly<Record<string, Buffer | (Buffer | null)[] | null>>;

interface RecordFields {
  readonly offsetDelta: number;
  readonly timestampDelta: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/** Of a record batch, before its first record. */
const headBytes = 61;
const noHeaders: Headers = Object.freeze({});
const codecs = [undefined, "gzip", "snappy", "lz4", "zstd"] as const;

/** Adds all records of one batch, or as many that stand in for them. */
function readBatch(bytes: Buffer, records: FetchedRecord[]): void {
  const attributes = bytes.readInt16BE(21);
  const batch: RecordBatch = {
    producerId: String(bytes.readBigInt64BE(43)),
    inTransaction: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    isAborted: false,
    firstOffset: int64(bytes, 0),
    firstTimestamp: int64(bytes, 27),
    appendedAt: (attributes & 0x08) === 0 ? undefined : int64(bytes, 35),
  };
  const before = records.length;
  try {
    const cursor = new Cursor(bodyOf(bytes, attributes & 7));
    for (let left = bytes.readInt32BE(57); left > 0; left--) records.push(readRecord(batch, cursor));
  } catch {
    // Counted: each of these becomes a refused record.
    records.length = before;
    const lastDelta = bytes.readInt32BE(23);
    const count = Math.min(bytes.readInt32BE(57), lastDelta + 1);
    for (let i = 1; i <= count; i++) {
      // The last one is where the batch ends, or it would be fetched again.
      records.push(new FetchedRecord(batch, { ...undecodable, offsetDelta: i === count ? lastDelta : i - 1 }));
    }
  }
}

const undecodable = { timestampDelta: 0, key: undecodableKey, value: null, headers: noHeaders };

function bodyOf(bytes: Buffer, codec: number): Buffer {
  const body = bytes.subarray(headBytes);
  if (codec === 0) return body;
  const name = codecs[codec];
  if (name === undefined) throw new RangeError(`no codec has the number ${codec}`);
  return inflaters[name](body);
}

function readRecord(batch: RecordBatch, cursor: Cursor): FetchedRecord {
  const length = cursor.varint();
  const end = cursor.at + length;
  // Its attributes, which nothing uses.
  cursor.at++;
  const fields = {
    timestampDelta: cursor.varint(),
    offsetDelta: cursor.varint(),
    key: cursor.data(),
    value: cursor.data(),
    headers: readHeaders(cursor),
  };
  if (cursor.at !== end) throw new RangeError("a record is not as long as it says");
  return new FetchedRecord(batch, fields);
}

/** A name that comes twice has a list, as kafkajs makes it. */
function readHeaders(cursor: Cursor): Headers {
  const count = cursor.varint();
  if (count <= 0) return noHeaders;
  const headers: Record<string, Buffer | (Buffer | null)[] | null> = Object.create(null) as Record<string, null>;
  for (let i = 0; i < count; i++) {
    const name = String(cursor.data());
    const value = cursor.data();
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = Array.isArray(before) ? [...before, value] : [before, value];
  }
  return headers;
}

/** Goes through bytes as Kafka writes records: signed numbers zigzag, seven bits a byte, lowest first. */
class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let byte = this.#byte();
    // Most are one byte.
    if (byte < 0x80) return byte & 1 ? -(byte + 1) / 2 : byte / 2;
    let value = byte & 0x7f;
    for (let factor = 0x80; byte >= 0x80; factor *= 0x80) {
      byte = this.#byte();
      value += (byte & 0x7f) * factor;
    }
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Bytes with their length before them; a negative one stands for none. */
  data(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const from = this.at;
    this.at += length;
    if (this.at > this.#bytes.length) throw new RangeError("a record is cut off");
    return this.#bytes.subarray(from, this.at);
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError("a record is cut off");
    return byte;
  }
}

/** Exact up to 2^53, which no offset or time in ms reaches. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
