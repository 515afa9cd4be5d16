import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type Attributes, flatRecord, maxValueDepth, resourceAttributes, type TakeOtlp } from "./otlp-record.ts";

/**
 * Hands over the log records of an OTLP request (`ExportLogsServiceRequest`, or `LogsData`, which is
 * the same) in protobuf. Unknown fields are skipped. Throws when the bytes are cut off or no
 * protobuf, after the records before that.
 */
export function readOtlpProtobuf(bytes: Uint8Array, take: TakeOtlp): void {
  const reader = new OtlpReader(bytes);
  reader.request(take);
}

// helpers

const maxNames = 1000;

/** Reads messages field by field, as `logs.proto` and `common.proto` number them. */
class OtlpReader {
  readonly #bytes: Buffer;
  readonly #wire: BinaryReader;
  /** Names by a hash of their bytes, and where those are. */
  readonly #names = new Map<number, { start: number; end: number; text: string }>();

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#wire = new BinaryReader(bytes);
  }

  request(take: TakeOtlp): void {
    let wanted = true;
    this.#messages(this.#wire.len, (field) => {
      if (field !== 1) return false;
      if (wanted) wanted = this.#resourceLogs(take);
      else this.#wire.skip(WireType.LengthDelimited);
      return true;
    });
  }

  #resourceLogs(take: TakeOtlp): boolean {
    const end = this.#end();
    const start = this.#wire.pos;
    // The resource may come after the logs: it is read first, the logs in a second pass.
    const attributes: (readonly [string, unknown])[] = [];
    this.#messages(end, (field) => {
      if (field !== 1) return false;
      this.#messages(this.#end(), (inner) => inner === 1 && this.#attribute(attributes, 0));
      return true;
    });
    const resource = resourceAttributes(attributes);
    this.#wire.pos = start;
    let wanted = true;
    this.#messages(end, (field) => {
      if (field !== 2 || !wanted) return false;
      this.#messages(this.#end(), (inner) => {
        if (inner !== 2 || !wanted) return false;
        wanted = this.#logRecord(resource, take);
        return true;
      });
      return true;
    });
    return wanted;
  }

  #logRecord(resource: Attributes, take: TakeOtlp): boolean {
    const attributes: (readonly [string, unknown])[] = [];
    const times = {
      timeUnixNano: undefined as string | undefined,
      observedTimeUnixNano: undefined as string | undefined,
    };
    let body: unknown;
    let traceId: string | undefined;
    let spanId: string | undefined;
    this.#fields(this.#end(), (field, type) => {
      if (field === 1 && type === WireType.Bit64) times.timeUnixNano = this.#nanos();
      else if (field === 11 && type === WireType.Bit64) times.observedTimeUnixNano = this.#nanos();
      else if (type !== WireType.LengthDelimited) return false;
      else if (field === 5) body = this.#anyValue(0);
      else if (field === 6) return this.#attribute(attributes, 0);
      else if (field === 9) traceId = this.#id();
      else if (field === 10) spanId = this.#id();
      else return false;
      return true;
    });
    return take(flatRecord(resource, attributes, { ...times, body, traceId, spanId }), body);
  }

  #attribute(attributes: (readonly [string, unknown])[], depth: number): boolean {
    let name = "";
    let value: unknown;
    this.#messages(this.#end(), (field) => {
      if (field === 1) name = this.#name();
      else if (field === 2) value = this.#anyValue(depth);
      else return false;
      return true;
    });
    attributes.push([name, value]);
    return true;
  }

  #anyValue(depth: number): unknown {
    const end = this.#end();
    if (depth > maxValueDepth) {
      this.#wire.pos = end;
      return undefined;
    }
    let value: unknown;
    this.#fields(end, (field, type) => {
      if (field === 2 && type === WireType.Varint) value = this.#wire.bool();
      else if (field === 3 && type === WireType.Varint) value = String(this.#wire.int64());
      else if (field === 4 && type === WireType.Bit64) value = this.#wire.double();
      else if (type !== WireType.LengthDelimited) return false;
      else if (field === 1 || field === 7) value = this.#text();
      else if (field === 5) value = this.#list(depth + 1);
      else if (field === 6) value = this.#map(depth + 1);
      else return false;
      return true;
    });
    return value;
  }

  #list(depth: number): unknown[] {
    const values: unknown[] = [];
    this.#messages(this.#end(), (field) => {
      if (field === 1) values.push(this.#anyValue(depth));
      return field === 1;
    });
    return values;
  }

  #map(depth: number): Record<string, unknown> {
    const entries: (readonly [string, unknown])[] = [];
    this.#messages(this.#end(), (field) => field === 1 && this.#attribute(entries, depth));
    return Object.fromEntries(entries);
  }

  /** The same for messages all of whose known fields have lengths: others are skipped. */
  #messages(end: number, read: (field: number) => boolean): void {
    this.#fields(end, (field, type) => type === WireType.LengthDelimited && read(field));
  }

  /** Calls `read` for each field up to `end`; what it leaves unread, by answering false, is skipped. */
  #fields(end: number, read: (field: number, type: WireType) => boolean): void {
    const wire = this.#wire;
    while (wire.pos < end) {
      const [field, type] = wire.tag();
      if (!read(field, type)) wire.skip(type, field);
    }
    if (wire.pos !== end) throw new RangeError("a field ends after its message");
  }

  /** Where the message that begins with its length here ends. */
  #end(): number {
    const length = this.#wire.uint32();
    const end = this.#wire.pos + length;
    if (end > this.#wire.len) throw new RangeError("a message is cut off");
    return end;
  }

  /** Text, and bytes as text: what is no UTF-8 becomes U+FFFD. */
  #text(): string {
    const end = this.#end();
    const text = this.#bytes.toString("utf8", this.#wire.pos, end);
    this.#wire.pos = end;
    return text;
  }

  /** An attribute's name. The same ones come in every log record, so they are decoded once. */
  #name(): string {
    const end = this.#end();
    const start = this.#wire.pos;
    const bytes = this.#bytes;
    let hash = end - start;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    this.#wire.pos = end;
    const known = this.#names.get(hash);
    if (known !== undefined && isSame(bytes, start, end, known)) return known.text;
    const text = bytes.toString("utf8", start, end);
    if (this.#names.size < maxNames) this.#names.set(hash, { start, end, text });
    return text;
  }

  #id(): string | undefined {
    const end = this.#end();
    const id = this.#bytes.toString("hex", this.#wire.pos, end);
    this.#wire.pos = end;
    return id === "" ? undefined : id;
  }

  #nanos(): string | undefined {
    const nanos = String(this.#wire.fixed64());
    return nanos === "0" ? undefined : nanos;
  }
}

/** Much faster than `Buffer.compare` for so few bytes. */
function isSame(bytes: Buffer, start: number, end: number, other: { start: number; end: number }): boolean {
  if (end - start !== other.end - other.start) return false;
  for (let i = start, j = other.start; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false;
  return true;
}
