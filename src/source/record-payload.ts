import { gunzipSync } from "node:zlib";
import { isGzip } from "./inflate.ts";
import type { RefusedRecord } from "./raw-batch.ts";

/** A payload that can't be handed over, with its first characters. */
export type PayloadRefusal = Pick<RefusedRecord, "reason" | "head">;

/** Kinesis Firehose may compress what CloudWatch had compressed already. */
const maxLayers = 2;
const headBytes = 300;

/**
 * What one message of a transport holds: text, or bytes where it is OTLP protobuf. Gzip is inflated
 * and looked at again. Neither the message nor what it inflates to may have more than `maxBytes`.
 */
export function readPayload(message: Buffer, maxBytes: number): string | Uint8Array | PayloadRefusal {
  let bytes = message;
  for (let layers = 0; isGzip(bytes); layers++) {
    if (bytes.length > maxBytes) return { reason: "too_long", head: "" };
    if (layers === maxLayers) return { reason: "undecodable", head: "" };
    const inflated = inflate(bytes, maxBytes);
    if (typeof inflated === "string") return { reason: inflated, head: "" };
    bytes = inflated;
  }
  if (bytes.length > maxBytes) return { reason: "too_long", head: bytes.toString("utf8", 0, headBytes) };
  return bytes[0] === otlpTag && isProtobuf(bytes) ? bytes : bytes.toString("utf8");
}

// helpers

/** A field 1 with a length, which is all that an `ExportLogsServiceRequest` has; also a line feed. */
const otlpTag = 0x0a;
/** The fields of its `ResourceLogs`: resource, scope logs, schema. */
const innerTags: ReadonlySet<number> = new Set([0x0a, 0x12, 0x1a]);

function inflate(bytes: Buffer, maxOutputLength: number): Buffer | PayloadRefusal["reason"] {
  try {
    return gunzipSync(bytes, { maxOutputLength });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "too_long" : "undecodable";
  }
}

/** Whether bytes that begin with a line feed are no text: framed as OTLP is, or with bytes that no text has. */
function isProtobuf(bytes: Buffer): boolean {
  const first = lengthAt(bytes, 1);
  if (first === undefined) return hasControls(bytes);
  const end = first.next + first.length;
  return (
    (isFramed(bytes, 0, bytes.length, onlyOtlp) && isFramed(bytes, first.next, end, innerTags)) || hasControls(bytes)
  );
}

const onlyOtlp: ReadonlySet<number> = new Set([otlpTag]);

/** Whether fields with lengths, of these tags alone, fill the range. */
function isFramed(bytes: Buffer, from: number, to: number, tags: ReadonlySet<number>): boolean {
  for (let at = from; at < to;) {
    const field = tags.has(bytes[at] as number) ? lengthAt(bytes, at + 1) : undefined;
    if (field === undefined) return false;
    at = field.next + field.length;
    if (at > to) return false;
  }
  return true;
}

/** A length as protobuf writes it: seven bits a byte, lowest first. */
function lengthAt(bytes: Buffer, at: number): { length: number; next: number } | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { length, next: at + i + 1 };
  }
  return undefined;
}

/** Bytes below a space that are neither white space nor an escape, near the beginning. */
function hasControls(bytes: Buffer): boolean {
  for (const byte of bytes.subarray(0, headBytes)) {
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) return true;
  }
  return false;
}
