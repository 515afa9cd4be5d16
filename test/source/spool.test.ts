import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Spool, type SpoolPosition } from "../../src/source/spool.ts";

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "gatewatch-spool-")), "push");
});
afterEach(() => rm(join(directory, ".."), { recursive: true, force: true }));

const open = (maxBytes = 1024 ** 2) => Spool.open({ directory, maxBytes });
const append = (spool: Spool, text: string) => spool.append([Buffer.from(text)]);

/** Reads until `bytes` bytes came; gives the text and the position after it. */
async function read(spool: Spool, from: SpoolPosition, bytes: number): Promise<{ text: string; end: SpoolPosition }> {
  const stop = new AbortController();
  let text = "";
  let end = from;
  for await (const chunk of spool.read(from, stop.signal)) {
    text += chunk.bytes.toString();
    end = { segment: chunk.segment, offset: chunk.offset + chunk.bytes.length };
    if (text.length >= bytes) stop.abort();
  }
  return { text, end };
}

test("what was kept is read, also after the process was killed", async () => {
  const spool = await open();
  expect(await append(spool, "one\ntwo\n")).toBe("kept");
  const again = await open(); // the first was never closed
  expect((await read(again, again.start, 8)).text).toBe("one\ntwo\n");
  await again.close();
  await spool.close();
});

test.for<[string, string, string]>([
  ["a cut-off line goes", "one\ntw", "one\n"],
  ["a long cut-off line goes", `one\n${"x".repeat(200_000)}`, "one\n"],
  ["nothing but a cut-off line", "tw", ""],
  ["zeros that a power cut left go", `one\n${"\0".repeat(100_000)}`, "one\n"],
])("torn tail: %s, and writing goes on after it", async ([, torn, kept]) => {
  const first = await open();
  await first.close();
  await writeFile(join(directory, "0000000000000000.log"), torn);
  await appendFile(join(directory, "notes.txt"), "of no concern");
  const spool = await open();
  expect(spool.bytes).toBe(kept.length);
  await append(spool, "next\n");
  expect((await read(spool, spool.start, kept.length + 5)).text).toBe(`${kept}next\n`);
  await spool.close();
});

test("many appends at once are all kept, in order", async () => {
  const spool = await open();
  const lines = Array.from({ length: 500 }, (_, i) => `line ${i}\n`);
  const outcomes = await Promise.all(lines.map((line) => append(spool, line)));
  expect(new Set(outcomes)).toEqual(new Set(["kept"]));
  const whole = lines.join("");
  expect((await read(spool, spool.start, whole.length)).text).toBe(whole);
  await spool.close();
});

test("is full at its bound, all or nothing, and has room again when segments are done", async () => {
  const spool = await open(1_600);
  const line = `${"y".repeat(99)}\n`;
  for (let i = 0; i < 16; i++) expect(await append(spool, line)).toBe("kept");
  expect(await append(spool, "z\n")).toBe("full");
  const { end } = await read(spool, spool.start, 1_600);
  await spool.release({ segment: 400, offset: 0 });
  expect(spool.bytes).toBe(1_200);
  expect(await append(spool, line)).toBe("kept");
  await spool.release(end);
  expect(await readdir(directory)).toEqual(["0000000000001600.log"]);
  expect((await read(spool, end, 100)).text).toBe(line);
  await spool.release({ segment: 1_600, offset: 100 });
  expect(spool.bytes).toBe(0);
  await spool.close();
});

test("a reader at the end of a segment goes on with the next, also when its own was deleted", async () => {
  const spool = await open(160);
  await append(spool, "0123456789\n");
  const { end } = await read(spool, spool.start, 11);
  const later = read(spool, end, 6);
  await append(spool, "later\n");
  await spool.release({ segment: 11, offset: 0 });
  expect((await later).text).toBe("later\n");
  await spool.close();
});

test("counts on after everything was done and it was opened anew", async () => {
  const spool = await open(160);
  for (const text of ["0123456789\n", "0123456789\n"]) await append(spool, text);
  await spool.release({ segment: 11, offset: 11 });
  await spool.close();
  const again = await open(160);
  expect(again.start).toEqual({ segment: 22, offset: 0 });
  expect(again.has({ segment: 11, offset: 11 })).toBe(false);
  await append(again, "later\n");
  expect((await read(again, again.start, 6)).text).toBe("later\n");
  await again.close();
});

test("once all is done no line is left on the disk, and what is appended meanwhile is kept", async () => {
  const spool = await open(1_600);
  await append(spool, "secret\n");
  const { end } = await read(spool, spool.start, 7);
  const [, outcome] = await Promise.all([spool.release(end), append(spool, "later\n")]);
  expect(outcome).toBe("kept");
  expect((await read(spool, end, 6)).text).toBe("later\n");
  const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), "utf8")));
  expect(files).toEqual(["later\n"]);
  await spool.close();
});

test("a disk that fails is an outcome, and what was kept before stays", async () => {
  const spool = await open(160);
  await append(spool, "0123456789\n");
  await rm(directory, { recursive: true });
  expect(await append(spool, "0123456789\n")).toBe("failed");
  await spool.close();
});
