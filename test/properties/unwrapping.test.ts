import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPayload } from "../../src/source/record-payload.ts";
import { maxEntries } from "../../src/source/raw-batch.ts";
import { envelopeCases } from "../support/envelope-cases.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";
import { otlpProtobuf } from "../support/otlp.ts";

const line = `{"msec":"1787390047.466","request_time":0.054,"remote_addr":"198.51.100.23","method":"POST","uri":"/v1/login","status":401}`;
const maxRecordBytes = 1024 ** 2;

/** What a Kafka message with these bytes becomes. */
function normalized(bytes: Uint8Array, normalizer = aNormalizer()) {
  const record = readPayload(Buffer.from(bytes), maxRecordBytes);
  if (typeof record === "string" || !("reason" in record)) return normalizeAll(normalizer, [record]);
  const refused = [{ ...record, offset: 0 }];
  return normalizer.normalize({
    ...{ source: "edge", partition: "p", records: [], offsets: [], refused, next: 1, receivedAt: 0 },
  });
}

const otlp = Buffer.from(
  otlpProtobuf({
    resource: { "service.name": "edge", list: ["a", { b: 1 }] },
    logs: [
      { timeUnixNano: "1787390047412000000", traceId: "5b8efff798038103d269b633813fc60c", body: line, attributes: {} },
      { body: { log: line }, attributes: { "http.request.method": "GET", count: 12, took: 0.5, ok: true } },
    ],
  }),
);

describe("whatever the bytes", () => {
  const seeds = [...envelopeCases.filter(({ carries }) => carries !== "otlp").map(({ wrap }) => wrap(line)), otlp];
  const mutated = fc
    .tuple(fc.constantFrom(...seeds.map((seed) => Buffer.from(seed as string))), fc.nat(), fc.nat(), fc.uint8Array())
    .map(([seed, a, b, bytes]) => {
      const [from, to] = [a % (seed.length + 1), b % (seed.length + 1)];
      return Buffer.concat([seed.subarray(0, from), bytes, seed.subarray(to)]);
    });
  const zipped = mutated.map((bytes) => gzipSync(bytes));
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 500 }),
    fc.uint8Array({ maxLength: 500 }).map((rest) => Uint8Array.from([0x0a, ...rest])),
    fc.json().map((json) => Buffer.from(json)),
    mutated,
    zipped,
    fc.tuple(zipped, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length)),
  );

  test("they become events or rejections, each with a place of its own, and never an exception", () => {
    const normalizer = aNormalizer();
    normalizeAll(normalizer, [line]);
    fc.assert(
      fc.property(anything, (bytes) => {
        const { events, indexes, rejected } = normalized(bytes, normalizer);
        expect(events).toHaveLength(indexes.length);
        const places = [...indexes, ...rejected.map(({ index }) => index)].sort((a, b) => a - b);
        expect(places).toEqual(places.map((_, i) => i));
        expect(places.length).toBeGreaterThan(0);
        for (const { head } of rejected) expect(head.length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 3000 },
    );
  });

  test("they give the same each time they are read", () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        expect(normalized(bytes)).toEqual(normalized(bytes));
      }),
      { numRuns: 300 },
    );
  });
});

test("OTLP protobuf that is cut off anywhere gives its whole records at most, and is told of", () => {
  const normalizer = aNormalizer({ format: "nginx-json" });
  expect(normalized(otlp, normalizer).events).toHaveLength(2);
  for (let length = 0; length < otlp.length; length++) {
    const { events, rejected } = normalized(otlp.subarray(0, length), normalizer);
    expect([events.length, rejected.length]).toEqual([0, 1]);
    // Two bytes of it are also the beginning of a text.
    expect(length > 2 ? rejected[0]?.reason : "undecodable").toBe("undecodable");
  }
});

const deep = (open: string, close: string, levels: number, inside: string) =>
  `${open.repeat(levels)}${inside}${close.repeat(levels)}`;

/** A line inside so many shippers' objects. */
function wrapped(levels: number): string {
  let text = line;
  for (let i = 0; i < levels; i++) text = JSON.stringify({ message: text });
  return text;
}

describe("nesting", () => {
  test("of three envelopes is read, of four is too deep", () => {
    expect(normalized(Buffer.from(wrapped(3))).events).toHaveLength(1);
    expect(normalized(Buffer.from(wrapped(4))).rejected).toMatchObject([{ reason: "too_deep" }]);
    expect(normalized(Buffer.from(`[${wrapped(3)},${wrapped(2)}]`))).toMatchObject({
      events: [{ path: "/v1/login" }],
      rejected: [{ reason: "too_deep", index: 0 }],
    });
  });

  test.for([
    ["arrays", deep("[", "]", 200_000, "")],
    ["objects in an array", `[${deep('{"a":', "}", 100_000, "1")}]`],
    ["objects in a message", JSON.stringify({ message: deep('{"a":', "}", 100_000, "1") })],
    ["records of Event Hubs", deep('{"records":[', "]}", 50_000, line)],
    ["OTLP's bodies", deep('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":', "}]}]}]}", 10_000, "{}")],
    [
      "OTLP's values",
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${deep('{"arrayValue":{"values":[', "]}}", 20_000, "{}")}}]}]}]}`,
    ],
    ["doubled backslashes", wrapped(10)],
  ] as const)("without end in %s is one rejection", ([, record]) => {
    const { events, rejected } = normalized(Buffer.from(record));
    expect([events.length, rejected.length]).toEqual([0, 1]);
  });

  test("in OTLP protobuf's values is read so far and no further", () => {
    let value: unknown = "inside";
    for (let i = 0; i < 100; i++) value = [value];
    const record = otlpProtobuf({ resource: {}, logs: [{ attributes: { value, "http.request.method": "GET" } }] });
    expect(normalized(record).rejected).toHaveLength(1);
  });
});

describe("no record gives more than its share", () => {
  const many = 1_000_000;
  const logRecords = Array.from({ length: 50_000 }, () => "{}").join();
  test.for([
    ["an array of numbers", `[${"1,".repeat(many / 2)}1]`],
    ["an array of empty objects", `[${"{},".repeat(many / 3 - 1)}{}]`],
    ["lines", "x\n".repeat(many / 2)],
    ["lines in a message", JSON.stringify({ message: "x\n".repeat(many / 3) })],
    ["lines in each of many messages", JSON.stringify(Array.from({ length: 200 }, () => ({ message: "x\n".repeat(1500) })))],
    ["events of CloudWatch", `{"logEvents":[${"1,".repeat(many / 2 - 20)}1]}`],
    ["records of Event Hubs", `{"records":[${"1,".repeat(many / 2 - 20)}1]}`],
    ["log records of OTLP", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${logRecords}]}]}]}`],
    ["log records of OTLP protobuf", otlpProtobuf({ resource: {}, logs: Array.from({ length: 50_000 }, () => ({ attributes: {} })) })],
  ] as const)("%s", ([, record]) => {
    const { events, rejected } = normalized(Buffer.from(record as string));
    expect(events.length + rejected.length).toBe(maxEntries + 1);
    expect(rejected.at(-1)).toMatchObject({ reason: "too_long", index: maxEntries });
  }); // prettier-ignore

  test("a resource's attributes are not multiplied without bound", () => {
    const resource = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`attribute${i}`, "x"]));
    const logs = Array.from({ length: 2000 }, () => ({ attributes: { a: "b" } }));
    const before = process.memoryUsage().heapUsed;
    expect(normalized(otlpProtobuf({ resource, logs })).rejected).toHaveLength(2000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 ** 2);
  });
});

describe("time grows no faster than length", () => {
  const quoted = String.raw`\"`;
  test.for([
    ["quotes that never close", (n: number) => `{"a":"${quoted.repeat(n / 2)}`],
    ["quotes that never close, in an object that does", (n: number) => `{"a":"${quoted.repeat(n / 2)}}`],
    ["colons", (n: number) => `{${":".repeat(n)}}`],
    ["colons and commas", (n: number) => `{${'"a":,'.repeat(n / 5)}`],
    ["a list of numbers", (n: number) => `{"a":${"1, ".repeat(n / 3)}}`],
    ["minus signs", (n: number) => `{"a":${"-".repeat(n)}}`],
    ["escapes", (n: number) => `{"a":"${String.raw`\x22`.repeat(n / 4)}"}`],
    ["half escapes", (n: number) => `{"a":"${String.raw`\x2`.repeat(n / 3)}"}`],
    ["empty lines", (n: number) => "\n".repeat(n)],
    ["blanks", (n: number) => `${" ".repeat(n)}{`],
    ["brackets", (n: number) => `${"[".repeat(n)}]`],
    ["the same key again and again", (n: number) => `{${`"message":"x",`.repeat(n / 14)}"a":1}`],
    ["lines after blanks", (n: number) => `x${" \n".repeat(n / 2)}x`],
    ["protobuf fields without content", (n: number) => Buffer.alloc(n, Buffer.of(0x0a, 0x00))],
    ["protobuf varints", (n: number) => Buffer.concat([Buffer.of(0x0a, 0x01), Buffer.alloc(n, 0xff)])],
    ["zeros", (n: number) => Buffer.concat([Buffer.of(0x0a), Buffer.alloc(n)])],
  ] as const)("%s", ([, make]) => {
    const normalizer = aNormalizer();
    normalizeAll(normalizer, [line]);
    const timeOf = (bytes: Buffer) =>
      Math.min(
        ...Array.from({ length: 3 }, () => {
          const start = performance.now();
          normalizeAll(normalizer, [readPayload(bytes, 2 * maxRecordBytes) as string]);
          return performance.now() - start;
        }),
      );
    const [small, large] = [make(60_000), make(960_000)].map((record) => Buffer.from(record as string));
    // Sixteen times the length; were it quadratic, it would take 256 times as long.
    expect(timeOf(large as Buffer)).toBeLessThan(Math.max(timeOf(small as Buffer), 2) * 64);
  });
});
