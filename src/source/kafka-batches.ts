import type { Batch, KafkaMessage } from "kafkajs";
import { isUndecodable } from "./kafka-codecs.ts";
import type { RawBatch, RefusedRecord } from "./raw-batch.ts";

/** One raw batch holds no more than this, so that a save or a pause never waits long for the next. */
const maxRecords = 2_000;
const maxBytes = 4 * 1024 ** 2;
const headBytes = 300;

/**
 * Cuts what kafkajs fetched from one partition into raw batches, in order. Records before `start`
 * are left out. A record without a value becomes an empty one.
 */
export function* rawBatches(
  batch: Pick<Batch, "messages">,
  options: { source: string; partition: string; start: number; maxRecordBytes: number; receivedAt: number },
): Generator<RawBatch & { readonly lastOffset: number }> {
  const { source, partition, start, maxRecordBytes, receivedAt } = options;
  const messages = batch.messages;
  for (let from = 0; from < messages.length;) {
    const records: string[] = [];
    const offsets: number[] = [];
    const timestamps: number[] = [];
    const refused: RefusedRecord[] = [];
    let bytes = 0;
    let to = from;
    for (; to < messages.length && to - from < maxRecords && bytes < maxBytes; to++) {
      const message = messages[to] as KafkaMessage;
      const offset = Number(message.offset);
      if (offset < start) continue;
      const value = message.value;
      const reason = refusal(message, maxRecordBytes);
      if (reason !== undefined) {
        refused.push({ offset, reason, head: value?.toString("utf8", 0, headBytes) ?? "" });
        continue;
      }
      records.push(value === null ? "" : value.toString("utf8"));
      offsets.push(offset);
      timestamps.push(Number(message.timestamp) >= 0 ? Number(message.timestamp) : receivedAt);
      bytes += value?.length ?? 0;
    }
    const lastOffset = Number((messages[to - 1] as KafkaMessage).offset);
    from = to;
    if (records.length === 0 && refused.length === 0) continue;
    const next = String(lastOffset + 1);
    yield { source, partition, records, offsets, timestamps, refused, next, receivedAt, lastOffset };
  }
}

// helpers

function refusal(message: KafkaMessage, maxRecordBytes: number): RefusedRecord["reason"] | undefined {
  if (isUndecodable(message.key)) return "undecodable";
  return message.value !== null && message.value.length > maxRecordBytes ? "too_long" : undefined;
}
