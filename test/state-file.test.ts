import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StateFile } from "../src/state-file.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const state = {
  positions: [["edge:logs/0", 42]],
  counts: Float64Array.of(1, 2.5),
  names: new Map([["a", { b: undefined }]]),
  many: Array.from({ length: 2_000 }, (_, i) => `name ${i}`),
};

async function aFile() {
  const path = join(temporaryDirectory(), "detect.state");
  const file = new StateFile(path);
  await file.save(state);
  return { path, file };
}

test("what was saved comes back as it was; the newest", async () => {
  const { file } = await aFile();
  expect(await file.load()).toEqual({ state, problem: undefined });
  await file.save({ ...state, positions: [] });
  expect((await file.load()).state).toMatchObject({ positions: [] });
});

test("nothing was saved yet", async () => {
  const file = new StateFile(join(temporaryDirectory(), "detect.state"));
  expect(await file.load()).toEqual({ state: undefined, problem: undefined });
});

test("a write that was cut short leaves the one before", async () => {
  const { path, file } = await aFile();
  await writeFile(`${path}.new`, "gatewatch-state");
  expect((await file.load()).state).toEqual(state);
  await file.save({ ...state, positions: [] });
  expect((await file.load()).state).toMatchObject({ positions: [] });
});

test.for([
  ["one bit is another", (bytes: Buffer) => (bytes[bytes.length - 3]! ^= 1)],
  ["the end is missing", (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
  ["only the heading is there", (bytes: Buffer) => bytes.subarray(0, bytes.indexOf("\n") + 1)],
  ["half of the checksum is there", (bytes: Buffer) => bytes.subarray(0, bytes.indexOf("\n") + 3)],
] as const)("damaged: %s", async ([, damage]) => {
  const { path, file } = await aFile();
  const bytes = await readFile(path);
  const result = damage(bytes);
  await writeFile(path, typeof result === "number" ? bytes : result);
  expect(await file.load()).toEqual({ state: undefined, problem: "damaged" });
});

test.for([
  ["an older version", "gatewatch-state-1\n12345678"],
  ["something else", "PK\u0003\u0004"],
  ["nothing at all", ""],
])("%s is not read", async ([, content]) => {
  const { path, file } = await aFile();
  await writeFile(path, content!);
  expect(await file.load()).toEqual({ state: undefined, problem: "written by another version" });
});

test("a file that can't be read is an error, not a new beginning", async () => {
  const folder = temporaryDirectory();
  await expect(new StateFile(folder).load()).rejects.toThrow("EISDIR");
});
