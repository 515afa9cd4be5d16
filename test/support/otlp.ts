import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** One log record as a collector exports it. Attributes may be texts, numbers, booleans, lists and objects. */
export interface OtlpLog {
  readonly timeUnixNano?: string;
  readonly observedTimeUnixNano?: string;
  readonly body?: unknown;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface OtlpLogs {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly logs: readonly OtlpLog[];
}

/** A flat record, as formats read it, as what it came from: the other way round from the normalizer. */
export function otlpOf(flat: Readonly<Record<string, unknown>>): OtlpLogs {
  const resource: Record<string, unknown> = {};
  const log: Record<string, unknown> = {};
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat)) {
    if (name.startsWith("resource.")) resource[name.slice(9)] = value;
    else if (name.startsWith("otlp.")) log[name.slice(5)] = value;
    else attributes[name] = value;
  }
  return { resource, logs: [{ ...log, attributes }] };
}

/** `ExportLogsServiceRequest` in JSON, as the specification writes it. */
export function otlpJson(...requests: readonly OtlpLogs[]): string {
  return JSON.stringify({
    resourceLogs: requests.map(({ resource, logs }) => ({
      resource: { attributes: jsonAttributes(resource) },
      scopeLogs: [
        {
          scope: { name: "accesslog" },
          logRecords: logs.map(({ attributes, body, ...log }) => ({
            ...log,
            severityNumber: 9,
            ...(body !== undefined && { body: jsonValue(body) }),
            attributes: jsonAttributes(attributes),
          })),
        },
      ],
      schemaUrl: "https://opentelemetry.io/schemas/1.26.0",
    })),
  });
}

/** The same in protobuf. */
export function otlpProtobuf(...requests: readonly OtlpLogs[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { resource, logs } of requests) {
    message(writer, 1, (resourceLogs) => {
      message(resourceLogs, 1, (out) => protoAttributes(out, 1, resource));
      message(resourceLogs, 2, (scopeLogs) => {
        message(scopeLogs, 1, (scope) => scope.tag(1, WireType.LengthDelimited).string("accesslog"));
        for (const log of logs) message(scopeLogs, 2, (out) => protoLog(out, log));
      });
      resourceLogs.tag(3, WireType.LengthDelimited).string("https://opentelemetry.io/schemas/1.26.0");
    });
  }
  return writer.finish();
}

// helpers

function jsonAttributes(attributes: Readonly<Record<string, unknown>>) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonValue) } };
  if (typeof value === "object" && value !== null) {
    return { kvlistValue: { values: jsonAttributes(value as Record<string, unknown>) } };
  }
  return {};
}

function protoLog(out: BinaryWriter, log: OtlpLog): void {
  // Only JSON can have words for a time.
  if (/^\d+$/.test(String(log.timeUnixNano))) out.tag(1, WireType.Bit64).fixed64(String(log.timeUnixNano));
  out.tag(2, WireType.Varint).int32(9);
  out.tag(3, WireType.LengthDelimited).string("INFO");
  if (log.body !== undefined) message(out, 5, (body) => protoValue(body, log.body));
  protoAttributes(out, 6, log.attributes);
  out.tag(8, WireType.Bit32).fixed32(1);
  if (log.traceId !== undefined) out.tag(9, WireType.LengthDelimited).bytes(Buffer.from(log.traceId, "hex"));
  if (log.spanId !== undefined) out.tag(10, WireType.LengthDelimited).bytes(Buffer.from(log.spanId, "hex"));
  if (log.observedTimeUnixNano !== undefined) out.tag(11, WireType.Bit64).fixed64(log.observedTimeUnixNano);
}

function protoAttributes(out: BinaryWriter, field: number, attributes: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    message(out, field, (attribute) => {
      attribute.tag(1, WireType.LengthDelimited).string(name);
      message(attribute, 2, (any) => protoValue(any, value));
    });
  }
}

function protoValue(out: BinaryWriter, value: unknown): void {
  if (typeof value === "string") out.tag(1, WireType.LengthDelimited).string(value);
  else if (typeof value === "boolean") out.tag(2, WireType.Varint).bool(value);
  else if (typeof value === "number" && Number.isInteger(value)) out.tag(3, WireType.Varint).int64(value);
  else if (typeof value === "number") out.tag(4, WireType.Bit64).double(value);
  else if (value instanceof Uint8Array) out.tag(7, WireType.LengthDelimited).bytes(value);
  else if (Array.isArray(value)) {
    message(out, 5, (list) => {
      for (const item of value as unknown[]) message(list, 1, (any) => protoValue(any, item));
    });
  } else if (typeof value === "object" && value !== null) {
    message(out, 6, (map) => protoAttributes(map, 1, value as Record<string, unknown>));
  }
}

function message(out: BinaryWriter, field: number, write: (out: BinaryWriter) => unknown): void {
  out.tag(field, WireType.LengthDelimited).fork();
  write(out);
  out.join();
}
