import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter, type Lines } from "../../src/source/line-splitter.ts";

/** Pushes `bytes` cut at `cuts`, and flushes; all lines together. */
function split(bytes: Buffer, cuts: readonly number[] = [], maxRecordBytes = 64): Lines & { next: number } {
  const splitter = new LineSplitter({ maxRecordBytes });
  const all: Lines = { records: [], offsets: [], refused: [] };
  const take = (lines: Lines) => {
    all.records.push(...lines.records);
    all.offsets.push(...lines.offsets);
    all.refused.push(...lines.refused);
  };
  let from = 0;
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    const at = Math.min(cut, bytes.length);
    const chunk = Buffer.from(bytes.subarray(from, at));
    take(splitter.push(chunk));
    chunk.fill(0x58); // the caller may use its buffer again
    from = at;
  }
  take(splitter.flush());
  return { ...all, next: splitter.next };
}

describe("LineSplitter", () => {
  test.for<[string, string | Buffer, string[], number[]]>([
    ["ends with a newline", "a\nbc\n", ["a", "bc"], [0, 2]],
    ["last line without one", "a\nbc", ["a", "bc"], [0, 2]],
    ["Windows line ends", "a\r\nb\r\n", ["a", "b"], [0, 3]],
    ["a lone carriage return stays", "a\rb\n", ["a\rb"], [0]],
    ["empty lines are records", "\n\na\n", ["", "", "a"], [0, 1, 2]],
    ["nothing", "", [], []],
    ["offsets are bytes, not characters", "é€\nb\n", ["é€", "b"], [0, 6]],
    ["invalid UTF-8 is replaced, the newline after it kept", Buffer.from([0xe2, 0x82, 0x0a, 0xff, 0x61, 0x0a]), ["\ufffd", "\ufffda"], [0, 3]],
  ])("%s", ([, input, records, offsets]) => {
    const bytes = Buffer.from(input);
    expect(split(bytes)).toEqual({ records, offsets, refused: [], next: bytes.length });
  }); // prettier-ignore

  test("any cutting into chunks gives the same lines and offsets", () => {
    const piece = fc.oneof(
      fc.constantFrom("\n", "\r\n", "\r", "", "é", "😀"),
      fc.string({ maxLength: 20 }),
      fc.integer({ min: 50, max: 400 }).map((n) => "x".repeat(n)),
    );
    const bytes = fc.oneof(
      fc.array(piece).map((pieces) => Buffer.from(pieces.join(""))),
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 600 })), (bytes, cuts) => {
        expect(split(bytes, cuts)).toEqual(split(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("every byte belongs to one line, in order", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[^\r\n]{0,30}$/)), (lines) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const { records, offsets } = split(bytes, [], 1000);
        expect(records).toEqual(lines.map((line) => Buffer.from(line).toString()));
        for (const [i, offset] of offsets.entries()) expect(offset === 0 || bytes[offset - 1] === 10).toBe(i >= 0);
      }),
    );
  });

  test.for<[string, number, "kept" | "refused"]>([
    ["a line of exactly the bound", 64, "kept"],
    ["one byte more", 65, "refused"],
    ["far longer", 5000, "refused"],
  ])("%s is %3$s", ([, length, outcome]) => {
    for (const end of ["\n", "\r\n", ""]) {
      const { records, refused } = split(Buffer.from(`${"y".repeat(length)}${end}`), [10, 70, 600]);
      expect(records).toHaveLength(outcome === "kept" ? 1 : 0);
      expect(refused.map((r) => r.reason)).toEqual(outcome === "kept" ? [] : ["too_long"]);
      expect(refused[0]?.head.length ?? 0).toBeLessThanOrEqual(300);
    }
  });

  test("a line of 1 GB is refused by its head, and the next one read, without keeping it", () => {
    const splitter = new LineSplitter({ maxRecordBytes: 1 << 20, offset: 7 });
    splitter.push(Buffer.from("start "));
    const chunk = Buffer.alloc(1 << 20, 0x7a);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 1024; i++) splitter.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
    expect(splitter.next).toBe(7);
    const lines = splitter.push(Buffer.from("\nnext\n"));
    expect(lines.records).toEqual(["next"]);
    expect(lines.offsets).toEqual([7 + 6 + 2 ** 30 + 1]);
    expect(lines.refused).toEqual([{ offset: 7, reason: "too_long", head: expect.stringMatching(/^start z{294}$/) }]);
  });
});
