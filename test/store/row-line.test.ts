import { expect, test, vi } from "vitest";
import { rowLine, savedRowLine } from "../../src/store/row-line.ts";

const columns = new Map([
  ["id", "String"],
  ["version", "UInt64"],
  ["time", "DateTime64(3, 'UTC')"],
  ["ended", "Nullable(DateTime64(3, 'UTC'))"],
  ["minute", "DateTime('UTC')"],
  ["key", "Map(String, String)"],
  ["targets", "Array(String)"],
  ["body", "String"],
]);
const never = () => expect.unreachable();
const line = (row: Parameters<typeof rowLine>[0]) => JSON.parse(rowLine(row, columns, never)) as unknown;

test.for([
  ["keeps text, also what looks like SQL", { id: "'; DROP TABLE detections; --\n" }],
  ["keeps null for a column's default", { id: null }],
  ["keeps lists and maps", { targets: ["ip:1"], key: { clientIp: "::1" } }],
] as const)("%s", ([, row]) => {
  expect(line(row)).toEqual(row);
});

test.for([
  ["rounds times to milliseconds", { time: 1.6 }, { time: 2 }],
  ["gives seconds where the column has seconds", { minute: 60_999 }, { minute: 60 }],
  ["holds times within what a column can hold", { time: -5, minute: 1e15 }, { time: 0, minute: 2 ** 32 - 1 }],
  ["holds times far ahead", { ended: 1e15 }, { ended: Date.UTC(2299, 11, 31) }],
  ["mends half characters", { id: "a\ud800", key: { "\udc00": "\ud800" }, targets: ["\ud800"] },
    { id: "a\ufffd", key: { "\ufffd": "\ufffd" }, targets: ["\ufffd"] }],
] as const)("%s", ([, row, expected]) => {
  expect(line(row)).toEqual(expected);
}); // prettier-ignore

test("leaves out what the table has no column for, and says so", () => {
  const unknown = vi.fn<(column: string) => void>();
  expect(JSON.parse(rowLine({ id: "a", colour: "red" }, columns, unknown))).toEqual({ id: "a" });
  expect(unknown).toHaveBeenCalledExactlyOnceWith("colour");
});

test("a saved row's own id, version and time win over columns of the same name", () => {
  const row = {
    table: "decisions",
    id: "u",
    version: 2,
    time: 3,
    columns: { id: 17, key: {} },
    body: { a: 1 },
  } as const;
  expect(JSON.parse(savedRowLine(row, columns, never))).toEqual({
    id: "u",
    version: 2,
    time: 3,
    key: {},
    body: '{"a":1}',
  });
});
