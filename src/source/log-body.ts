import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isGzip } from "./inflate.ts";
import { countOtlpJson, countOtlpProtobuf, type OtlpEncoding } from "./otlp-request.ts";
import { maxEntries } from "./raw-batch.ts";
import { lineOfBytes } from "./spooled-line.ts";

/** A request body's records, each ending in a newline, and how many were refused for what. */
export interface BodyRecords {
  readonly parts: readonly Buffer[];
  readonly accepted: number;
  readonly reasons: Readonly<Partial<Record<"too_long" | "too_deep" | "undecodable", number>>>;
  /** It is an OTLP request, and to be answered as one. */
  readonly otlp?: OtlpEncoding;
}

/** Why a body can't be read at all. */
export interface BodyRefusal {
  readonly status: 400 | 413 | 415;
  readonly error: string;
  readonly otlp?: OtlpEncoding;
}

export interface BodyHeaders {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/**
 * Reads a body of NDJSON, plain lines, a JSON array or object, or an OTLP request, plain or gzip (which
 * needs no header to be seen); of no more than `maxBodyBytes`, inflated too. An array's objects are
 * written one to a line; its strings are taken as lines. An OTLP request stays one record.
 */
export async function readBody(
  body: Buffer,
  options: { headers: BodyHeaders; maxBodyBytes: number; maxRecordBytes: number },
): Promise<BodyRecords | BodyRefusal> {
  const { headers, maxBodyBytes, maxRecordBytes } = options;
  const type = (headers.contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const otlp = protobufTypes.has(type) ? ({ otlp: "protobuf" } as const) : undefined;
  const tooLarge = { status: 413, error: `the body is larger than ${maxBodyBytes} bytes`, ...otlp } as const;
  if (body.length > maxBodyBytes) return tooLarge;
  if (!lineTypes.has(type) && !jsonTypes.has(type) && !otlp) {
    return { status: 415, error: "send application/x-ndjson, application/json, text/plain or application/x-protobuf" };
  }
  const inflated = await inflate(body, headers.contentEncoding, maxBodyBytes);
  if (inflated === "too_large") return tooLarge;
  if (!Buffer.isBuffer(inflated)) return { ...inflated, ...otlp };
  if (otlp) return protobufOf(inflated);
  if (!jsonTypes.has(type)) return linesOf(inflated, maxRecordBytes);
  return jsonOf(inflated, { maxBodyBytes, maxRecordBytes });
}

// helpers

const gunzipAsync = promisify(gunzip);
const jsonTypes = new Set(["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"]);
const lineTypes = new Set([
  "",
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonlines",
  "application/octet-stream",
  "application/gzip",
  "application/x-gzip",
  "text/plain",
]);
const protobufTypes = new Set(["application/x-protobuf", "application/protobuf"]);
const newline = Buffer.from("\n");

async function inflate(
  body: Buffer,
  encoding: string | undefined,
  maxOutputLength: number,
): Promise<Buffer | BodyRefusal | "too_large"> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  const isPlain = name === "identity" || name === "";
  if (isPlain && !isGzip(body)) return body;
  if (!isPlain && name !== "gzip" && name !== "x-gzip")
    return { status: 415, error: "the only encoding understood is gzip" };
  try {
    return await gunzipAsync(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return "too_large";
    return { status: 400, error: "the body is not valid gzip" };
  }
}

/** Lines as they are. Empty ones are no records; those over the bound are left out. */
function linesOf(body: Buffer, maxRecordBytes: number): BodyRecords {
  const parts: Buffer[] = [];
  let accepted = 0;
  let tooLong = 0;
  let keptFrom = 0;
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(0x0a, from);
    const end = found < 0 ? body.length : found;
    const length = end > from && body[end - 1] === 0x0d ? end - from - 1 : end - from;
    if (length === 0 || length > maxRecordBytes) {
      if (length > 0) tooLong++;
      if (from > keptFrom) parts.push(body.subarray(keptFrom, from));
      keptFrom = end + 1;
    } else accepted++;
    from = end + 1;
  }
  if (keptFrom < body.length) {
    parts.push(body.subarray(keptFrom));
    if (body.at(-1) !== 0x0a) parts.push(newline);
  }
  return { parts, accepted, reasons: tooLong > 0 ? { too_long: tooLong } : {} };
}

function protobufOf(body: Buffer): BodyRecords | BodyRefusal {
  const count = countOtlpProtobuf(body);
  if (count === undefined) return { status: 400, error: "the body is no ExportLogsServiceRequest", otlp: "protobuf" };
  return otlpOf(count, "protobuf", lineOfBytes(body));
}

function otlpOf(count: number, otlp: OtlpEncoding, line: Buffer): BodyRecords {
  const rest = Math.max(0, count - maxEntries);
  const parts = count > 0 ? [line] : [];
  return { parts, accepted: count - rest, reasons: rest > 0 ? { too_long: rest } : {}, otlp };
}

function jsonOf(body: Buffer, bounds: { maxBodyBytes: number; maxRecordBytes: number }): BodyRecords | BodyRefusal {
  const { maxBodyBytes, maxRecordBytes } = bounds;
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    // Many senders label NDJSON as JSON. An array, though, was meant as one.
    if (/^\s*\[/.test(body.toString("latin1", 0, 100))) return { status: 400, error: "the body is not valid JSON" };
    return linesOf(body, maxRecordBytes);
  }
  const count = countOtlpJson(value);
  if (count !== undefined) {
    const line = lineOf(value, maxBodyBytes);
    if ("text" in line) return otlpOf(count, "json", Buffer.from(`${line.text}\n`));
    return { status: 400, error: "the body is nested too deep, or too long", otlp: "json" };
  }
  const lines: string[] = [];
  const reasons: { too_long?: number; too_deep?: number; undecodable?: number } = {};
  for (const element of Array.isArray(value) ? (value as unknown[]) : [value]) {
    const line = lineOf(element, maxRecordBytes);
    if ("reason" in line) reasons[line.reason] = (reasons[line.reason] ?? 0) + 1;
    else lines.push(line.text);
  }
  const parts = lines.length > 0 ? [Buffer.from(`${lines.join("\n")}\n`)] : [];
  return { parts, accepted: lines.length, reasons };
}

function lineOf(
  element: unknown,
  maxRecordBytes: number,
): { text: string } | { reason: "too_long" | "too_deep" | "undecodable" } {
  let text: string;
  try {
    text = typeof element === "string" ? element : JSON.stringify(element);
  } catch {
    return { reason: "too_deep" }; // nested beyond the stack; JSON.parse has no such bound
  }
  if (text.includes("\n") || text === "") return { reason: "undecodable" };
  return Buffer.byteLength(text) > maxRecordBytes ? { reason: "too_long" } : { text };
}
