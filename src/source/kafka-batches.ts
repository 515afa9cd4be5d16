import type { Batch, KafkaMessage } from "kafkajs";
import { isUndecodable } from "./kafka-codecs.ts";
import { FetchedRecord } from "./kafka-records.ts";
import type { RawBatch, RefusedRecord } from "./raw-batch.ts";
import { type PayloadRefusal, readPayload } from "./record-payload.ts";

/** One raw batch holds no more than this, so that a save or a pause never waits long for the next. */
const maxRecords = 2_000;
const maxBytes = 4 * 1024 ** 2;

/**
 * Cuts what kafkajs fetched from one partition into raw batches, in order. Records before `start`
 * are left out. A record without a value becomes an empty one. `maxRecordBytes` holds for what a
 * gzipped record inflates to as well.
 */
export function* rawBatches(
  batch: Pick<Batch, "messages">,
  options: {
    source: string;
    partition: string;
    start: number;
    maxRecordBytes: number;
    receivedAt: number;
    /** `bytes`: records are handed on as they are; text unless given. */
    payload?: "text" | "bytes";
  },
): Generator<RawBatch & { readonly lastOffset: number }> {
  const { source, partition, start, maxRecordBytes, receivedAt, payload = "text" } = options;
  const messages = batch.messages;
  for (let from = 0; from < messages.length;) {
    const records: (string | Uint8Array)[] = [];
    const offsets: number[] = [];
    const timestamps: number[] = [];
    const refused: RefusedRecord[] = [];
    let bytes = 0;
    let to = from;
    for (; to < messages.length && to - from < maxRecords && bytes < maxBytes; to++) {
      const message = messages[to] as KafkaMessage;
      const { offset, timestamp } = numbersOf(message);
      if (offset < start) continue;
      const record = payload === "bytes" ? (message.value ?? noBytes) : read(message, maxRecordBytes);
      if (typeof record === "object" && "reason" in record) {
        refused.push({ offset, ...record });
        continue;
      }
      records.push(record);
      offsets.push(offset);
      timestamps.push(timestamp >= 0 ? timestamp : receivedAt);
      bytes += record.length;
    }
    const lastOffset = Number((messages[to - 1] as KafkaMessage).offset);
    from = to;
    if (records.length === 0 && refused.length === 0) continue;
    const next = String(lastOffset + 1);
    yield { source, partition, records, offsets, timestamps, refused, next, receivedAt, lastOffset };
  }
}

// helpers

/** Text is made of numbers, and numbers of text, only where kafkajs itself has decoded. */
function numbersOf(message: KafkaMessage): { offset: number; timestamp: number } {
  return message instanceof FetchedRecord
    ? { offset: message.offsetNumber, timestamp: message.timestampMs }
    : { offset: Number(message.offset), timestamp: Number(message.timestamp) };
}

const noBytes = new Uint8Array(0);

function read(message: KafkaMessage, maxRecordBytes: number): string | Uint8Array | PayloadRefusal {
  if (isUndecodable(message.key)) return { reason: "undecodable", head: "" };
  return message.value === null ? "" : readPayload(message.value, maxRecordBytes);
}
