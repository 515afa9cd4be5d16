import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readPayload } from "../../src/source/record-payload.ts";

const maxBytes = 1024;
const read = (bytes: Uint8Array | string) => readPayload(Buffer.from(bytes), maxBytes);
const field = (tag: number, ...content: (string | Buffer)[]) => {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.of(tag, bytes.length), bytes]);
};
/** ResourceLogs with a resource, scope logs and a schema, each with something in it. */
const otlp = field(0x0a, field(0x0a, "resource"), field(0x12, "scope logs"), field(0x1a, "schema"));
const pretty = `\n{${" ".repeat(122)}}`;

test.for([
  ["text", "GET / 200", "GET / 200"],
  ["nothing", "", ""],
  ["broken UTF-8", Buffer.of(0x61, 0xff, 0x62), "a\ufffdb"],
  ["gzipped text", gzipSync("a\nb"), "a\nb"],
  ["two gzip members", Buffer.concat([gzipSync("a\n"), gzipSync("b")]), "a\nb"],
  ["gzip in gzip", gzipSync(gzipSync('{"logEvents":[]}')), '{"logEvents":[]}'],
  ["OTLP protobuf", otlp, otlp],
  ["OTLP protobuf of two resources", Buffer.concat([otlp, otlp]), Buffer.concat([otlp, otlp])],
  ["gzipped OTLP protobuf", gzipSync(otlp), otlp],
  ["OTLP protobuf that is cut off", Buffer.of(0x0a, 0x05, 0x0a, 0x01), Buffer.of(0x0a, 0x05, 0x0a, 0x01)],
  ["text after an empty line", "\nGET / 200", "\nGET / 200"],
  ["an object after an empty line, as long as its brace would say in protobuf", pretty, pretty],
  ["an empty line", "\n", "\n"],
] as const)("%s", ([, bytes, expected]) => {
  expect(read(bytes)).toEqual(typeof expected === "string" ? expected : Buffer.from(expected));
});

test.for([
  ["text over the bound", "y".repeat(maxBytes + 1), { reason: "too_long", head: "y".repeat(300) }],
  ["gzip that inflates over the bound", gzipSync("y".repeat(maxBytes + 1)), { reason: "too_long", head: "" }],
  ["gzip that is itself over the bound", gzipSync(noise(2 * maxBytes)), { reason: "too_long", head: "" }],
  ["gzip in gzip in gzip", gzipSync(gzipSync(gzipSync("a"))), { reason: "undecodable", head: "" }],
  ["gzip that is cut off", gzipSync("a".repeat(100)).subarray(0, 20), { reason: "undecodable", head: "" }],
  ["gzip's first bytes alone", Buffer.of(0x1f, 0x8b), { reason: "undecodable", head: "" }],
] as const)("%s is refused", ([, bytes, refusal]) => expect(read(bytes)).toEqual(refusal));

test("a bomb of 256 MiB costs no more than its bound", () => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(256 * 1024 ** 2), { level: 9 }), { level: 9 });
  expect(bomb.length).toBeLessThan(10_000);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 100; i++) expect(readPayload(bomb, 1024 ** 2)).toEqual({ reason: "too_long", head: "" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(256 * 1024 ** 2);
});

test("whatever the bytes, they are text, bytes, or refused", () => {
  const first = fc.constantFrom([], [0x1f, 0x8b], [0x1f, 0x8b, 8, 0], [0x0a], [0x0a, 0x80]);
  fc.assert(
    fc.property(first, fc.uint8Array({ maxLength: 2000 }), (head, rest) => {
      const bytes = Buffer.from([...head, ...rest]);
      const payload = read(bytes);
      const refused = typeof payload === "object" && "reason" in payload;
      expect(
        refused || Buffer.from(payload as string).equals(Buffer.from(bytes.toString("utf8"))) || payload,
      ).toSatisfy((left) => left === true || bytes.equals(left as Buffer));
    }),
    { numRuns: 1000 },
  );
});

/** Bytes that don't compress. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48_271) % 2_147_483_647) & 0xff));
}
