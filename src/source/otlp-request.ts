import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** How an OTLP request is written, and how its answer has to be. */
export type OtlpEncoding = "json" | "protobuf";

/** An answer as OTLP/HTTP wants it. */
export interface OtlpAnswer {
  readonly contentType: string;
  readonly content: Buffer;
}

/** How many log records an OTLP request in protobuf has; `undefined` when it is none. Does not look inside of them. */
export function countOtlpProtobuf(bytes: Buffer): number | undefined {
  try {
    const reader = new BinaryReader(bytes);
    return countBelow(reader, reader.len, [resourceLogs, scopeLogs, logRecords]);
  } catch {
    return undefined; // cut off, or no protobuf: the sender is told
  }
}

/** The same for JSON, parsed; `undefined` when it is no OTLP request. */
export function countOtlpJson(value: unknown): number | undefined {
  const all = listIn(value, "resourceLogs");
  return all
    ?.flatMap((one) => listIn(one, "scopeLogs") ?? [])
    .reduce<number>((sum, one) => sum + (listIn(one, "logRecords")?.length ?? 0), 0);
}

/**
 * `ExportLogsServiceResponse` for a request that was taken (perhaps without all of its records), or
 * `google.rpc.Status` for one that was not.
 */
export function otlpAnswer(
  encoding: OtlpEncoding,
  answer: { rejected: number; error?: string | undefined; refused: boolean },
): OtlpAnswer {
  const { rejected, refused, error = "" } = answer;
  if (encoding === "json") {
    const partial =
      rejected > 0 ? { partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: error } } : {};
    const content = Buffer.from(JSON.stringify(refused ? { message: error } : partial));
    return { contentType: "application/json", content };
  }
  const writer = new BinaryWriter();
  if (refused) writer.tag(2, WireType.LengthDelimited).string(error);
  else if (rejected > 0) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(rejected).tag(2, WireType.LengthDelimited).string(error).join();
  }
  return { contentType: "application/x-protobuf", content: Buffer.from(writer.finish()) };
}

// helpers

/** Fields of `ExportLogsServiceRequest`, `ResourceLogs` and `ScopeLogs`. */
const resourceLogs = 1;
const scopeLogs = 2;
const logRecords = 2;

/** Counts the messages at the end of a way of fields, and sees that all on the way is framed. */
function countBelow(reader: BinaryReader, end: number, [field, ...below]: readonly number[]): number {
  let count = 0;
  while (reader.pos < end) {
    const [number, type] = reader.tag();
    if (number !== field || type !== WireType.LengthDelimited) reader.skip(type, number);
    else {
      const length = reader.uint32();
      const inner = reader.pos + length;
      if (inner > end) throw new RangeError("a message is cut off");
      if (below.length > 0) count += countBelow(reader, inner, below);
      else count++;
      reader.pos = inner;
    }
  }
  if (reader.pos !== end) throw new RangeError("a field ends after its message");
  return count;
}

function listIn(value: unknown, key: string): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const list = (value as Readonly<Record<string, unknown>>)[key];
  return Array.isArray(list) ? (list as unknown[]) : undefined;
}
