/** A record batch as a producer or broker writes it. */
export interface ABatch {
  readonly firstOffset: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  /** Of its attributes, without the codec: 0x08 stamped by the broker, 0x10 in a transaction, 0x20 control. */
  readonly flags: number;
  readonly codec: number;
  readonly records: readonly {
    readonly offsetDelta: number;
    readonly timestampDelta: number;
    readonly key: Uint8Array | null;
    readonly value: Uint8Array | null;
    readonly headers: readonly (readonly [string, Uint8Array | null])[];
  }[];
}

/** The batch in Kafka's record format 2. */
export function recordBatch(batch: ABatch, compress: (body: Buffer) => Buffer): Buffer {
  const { firstOffset, firstTimestamp, maxTimestamp, producerId, flags, codec, records } = batch;
  const body = compress(Buffer.concat(records.map(record)));
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(firstOffset), 0);
  head.writeInt32BE(head.length - 12 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(flags | codec, 21);
  head.writeInt32BE(Math.max(...records.map(({ offsetDelta }) => offsetDelta)), 23);
  head.writeBigInt64BE(BigInt(firstTimestamp), 27);
  head.writeBigInt64BE(BigInt(maxTimestamp), 35);
  head.writeBigInt64BE(BigInt(producerId), 43);
  head.writeInt32BE(records.length, 57);
  return Buffer.concat([head, body]);
}

/** A broker's answer to `Fetch` 11 with so many partitions of one topic, each with an aborted transaction. */
export function fetchAnswer(topic: string, partitions: readonly Buffer[]): Buffer {
  return Buffer.concat([
    ...[
      int(0, 4),
      int(0, 2),
      int(0, 4),
      int(1, 4),
      int(topic.length, 2),
      Buffer.from(topic),
      int(partitions.length, 4),
    ],
    ...partitions.flatMap((records, i) => [
      ...[int(i, 4), int(0, 2), int(500, 8), int(400, 8), int(3, 8)],
      ...[int(1, 4), int(7, 8), int(12, 8)],
      ...[int(-1, 4), int(records.length, 4), records],
    ]),
  ]);
}

// helpers

function record({ offsetDelta, timestampDelta, key, value, headers }: ABatch["records"][number]): Buffer {
  const body = Buffer.concat([
    ...[int(0, 1), zigZag(timestampDelta), zigZag(offsetDelta), data(key), data(value), zigZag(headers.length)],
    ...headers.flatMap(([name, content]) => [data(Buffer.from(name)), data(content)]),
  ]);
  return Buffer.concat([zigZag(body.length), body]);
}

function data(bytes: Uint8Array | null): Buffer {
  return bytes === null ? zigZag(-1) : Buffer.concat([zigZag(bytes.length), bytes]);
}

function int(value: number, bytes: 1 | 2 | 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigInt64BE(BigInt(value));
  else buffer.writeIntBE(value, 0, bytes);
  return buffer;
}

/** A signed number as Kafka writes it in records: seven bits a byte, lowest first. */
function zigZag(value: number): Buffer {
  let rest = BigInt(value) >= 0n ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n;
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}
