import { appendFile, copyFile, mkdtemp, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FileSource } from "../../src/source/file-source.ts";
import { type FileSourceConfig, sourcesConfig } from "../../src/source/source-config.ts";
import { eventually } from "../support/eventually.ts";
import { RecordingIo } from "../support/recording-io.ts";
import { TestClock } from "../support/test-clock.ts";

let directory: string;
let path: string;
let clock: TestClock;
const open: FileSource[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-file-"));
  path = join(directory, "access.log");
  clock = new TestClock();
});

afterEach(async () => {
  for (const source of open.splice(0)) await source.stop();
  await rm(directory, { recursive: true, force: true });
});

async function start(io: RecordingIo, change: object = {}): Promise<FileSource> {
  const config = sourcesConfig.parse([{ name: "access", type: "file", path: "access.log", ...change }])[0];
  const source = new FileSource({
    config: config as FileSourceConfig,
    directory,
    clock,
    log: silentLog,
    metrics: createMetrics(),
  });
  open.push(source);
  await source.start(io);
  return source;
}

/** Moves the clock on until `done`, slowly enough for the disk to keep up. */
async function until(done: () => boolean): Promise<void> {
  await eventually("what the file source should do", async () => {
    await clock.advance(100);
    return done();
  });
}

const started = (io: RecordingIo) => until(() => io.batches.length > 0);

describe("FileSource, following", () => {
  test("begins at the end, reads what comes, and waits for the end of a line", async () => {
    await writeFile(path, "old\n");
    const io = new RecordingIo();
    await start(io);
    await started(io);
    await appendFile(path, "one\ntw");
    await until(() => io.records.length === 1);
    await clock.advance(1_000);
    await appendFile(path, "o\r\n");
    await until(() => io.records.length === 2);
    expect(io.records).toEqual(["one", "two"]);
    expect(io.batches.flatMap((batch) => batch.offsets)).toEqual([4, 8]);
    expect(io.assignedPartitions).toEqual([`access:${path}`]);
  });

  test("hands over a last line without an end when the file stays as it is", async () => {
    await writeFile(path, "whole\nhalf");
    const io = new RecordingIo();
    await start(io, { from: "start" });
    await until(() => io.records.length === 2);
    expect(io.records).toEqual(["whole", "half"]);
  });

  test("a file that is not there yet is trouble, then read from its start", async () => {
    const io = new RecordingIo();
    await start(io);
    await until(() => io.troubles[0] === "file_unreadable");
    await writeFile(path, "first\n");
    await until(() => io.records.length === 1);
    expect([io.records, io.troubles]).toEqual([["first"], ["file_unreadable", undefined]]);
  });

  test("rotation by renaming: the old file's last lines, then the new file; offsets ascend", async () => {
    await writeFile(path, "a\n");
    const io = new RecordingIo();
    await start(io, { from: "start" });
    await until(() => io.records.length === 1);
    await rename(path, `${path}.1`);
    await appendFile(`${path}.1`, "b\n"); // the writer has not noticed yet
    await until(() => io.records.length === 2);
    await writeFile(path, "c\n");
    await appendFile(`${path}.1`, "last, without an end");
    await until(() => io.records.length === 4);
    await appendFile(path, "d\n");
    await until(() => io.records.length === 5);
    expect(io.records).toEqual(["a", "b", "last, without an end", "c", "d"]);
    const offsets = io.batches.flatMap((batch) => batch.offsets);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(io.troubles).toEqual([]);
  });

  test.for<[string, string]>([
    ["shorter than before", "new\n"],
    ["longer than before", "quite different and far longer than it was before\n"],
  ])("copied and cut, and written anew: %s", async ([, content]) => {
    await writeFile(path, "one\ntwo\nthree\n");
    const io = new RecordingIo();
    await start(io, { from: "start" });
    await until(() => io.records.length === 3);
    await copyFile(path, `${path}.1`);
    await truncate(path);
    await writeFile(path, content);
    await until(() => io.records.length === 4);
    expect(io.records.at(-1)).toBe(content.trim());
  });

  test("pauses and resumes", async () => {
    await writeFile(path, "");
    const io = new RecordingIo();
    const source = await start(io);
    await started(io);
    source.pause();
    await appendFile(path, "waits\n");
    await clock.advance(2_000);
    expect(io.records).toEqual([]);
    source.resume();
    await until(() => io.records.length === 1);
  });
});

describe("FileSource, after a restart", () => {
  /** Reads `access.log` from its start, stops, lets `meanwhile` happen, and reads on. */
  async function restarted(meanwhile: () => Promise<void>, count: number): Promise<RecordingIo> {
    await writeFile(path, "2026-08-22T09:00:00Z one\ntwo\n");
    const before = new RecordingIo();
    const source = await start(before, { from: "start" });
    await until(() => before.records.length === 2);
    await source.stop();
    await meanwhile();
    const after = new RecordingIo({ resumeAt: before.positions });
    await start(after);
    await until(() => after.records.length >= count);
    await clock.advance(2_000);
    const offsets = [...before.batches, ...after.batches].flatMap((batch) => batch.offsets);
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    return after;
  }

  test.for<[string, () => Promise<void>, string[]]>([
    ["goes on in the same file", () => appendFile(path, "three\n"), ["three"]],
    [
      "rotated meanwhile: the rest of the old file first",
      async () => {
        await appendFile(path, "three\n");
        await rename(path, `${path}.1`);
        await writeFile(path, "four\n");
      },
      ["three", "four"],
    ],
    [
      "rotated twice meanwhile: all three in order",
      async () => {
        await appendFile(path, "three\n");
        await rename(path, `${path}.2`);
        await writeFile(`${path}.1`, "four\n");
        await utimes(`${path}.2`, 1_000, 1_000);
        await utimes(`${path}.1`, 2_000, 2_000);
        await writeFile(path, "five\n");
        await writeFile(`${path}.3.gz`, gzipSync("never\n"));
        await writeFile(`${path}-other-service`, "");
      },
      ["three", "four", "five"],
    ],
    [
      "the old file is gone: the new one from its start",
      async () => {
        await rm(path);
        await writeFile(path, "2026-08-23T00:00:00Z a new file, maybe with the same inode\nfour\n");
      },
      ["2026-08-23T00:00:00Z a new file, maybe with the same inode", "four"],
    ],
    ["cut meanwhile: from its start", () => writeFile(path, "x\n"), ["x"]],
  ])("%s", async ([, meanwhile, records]) => {
    expect((await restarted(meanwhile, records.length)).records).toEqual(records);
  });

  test("what was written before the first line came is read, too", async () => {
    await writeFile(path, "old\n");
    const before = new RecordingIo();
    const source = await start(before);
    await started(before);
    await source.stop();
    await appendFile(path, "while away\n");
    const after = new RecordingIo({ resumeAt: before.positions });
    await start(after);
    await until(() => after.records.length === 1);
    expect([before.records, after.records]).toEqual([[], ["while away"]]);
  });
});

describe("FileSource, reading once", () => {
  test("all that a glob matches, plain and gzip, oldest first, each to its end", async () => {
    await writeFile(path, "five\nsix");
    await writeFile(`${path}.1`, "three\nfour\n");
    await writeFile(`${path}.2.gz`, Buffer.concat([gzipSync("one\n"), gzipSync("two\n")]));
    await utimes(`${path}.2.gz`, 1_000, 1_000);
    await utimes(`${path}.1`, 2_000, 2_000);
    const io = new RecordingIo();
    await start(io, { path: "access.log*", follow: false });
    await until(() => io.endedPartitions.length === 3);
    expect(io.records).toEqual(["one", "two", "three", "four", "five", "six"]);
    expect(io.endedPartitions).toEqual([`${path}.2.gz`, `${path}.1`, path].map((file) => `access:${file}`));
  });

  test("goes on in the middle after a restart, also of a gzip file", async () => {
    await writeFile(path, gzipSync("one\ntwo\nthree\n"));
    const { ino } = await stat(path);
    const first = new RecordingIo();
    await start(first, { follow: false });
    await until(() => first.endedPartitions.length === 1);
    const { head } = first.positions.get(`access:${path}`) as { head: string };
    const position = { inode: ino, offset: 4, base: 100, head };
    const io = new RecordingIo({ resumeAt: new Map([[`access:${path}`, position]]) });
    await start(io, { follow: false });
    await until(() => io.endedPartitions.length === 1);
    expect(io.records).toEqual(["two", "three"]);
    expect(io.batches.flatMap((batch) => batch.offsets)).toEqual([104, 108]);
  });

  test("a cut-off gzip file: what can be inflated is read, the rest is refused", async () => {
    const noise = Array.from({ length: 3_000 }, (_, i) => `line ${i} ${Math.sin(i)}`).join("\n");
    const whole = gzipSync(noise);
    await writeFile(path, whole.subarray(0, whole.length - 2_000));
    const io = new RecordingIo();
    await start(io, { follow: false });
    await until(() => io.endedPartitions.length === 1);
    expect(io.records.length).toBeGreaterThan(1_000);
    expect(io.records[0]).toBe("line 0 0");
    expect(io.refused.map(({ reason }) => reason)).toEqual(["undecodable"]);
  });

  test("no match is an error with a remedy", async () => {
    await expect(start(new RecordingIo(), { path: "none-*.log", follow: false })).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      remedy: expect.stringContaining("follow: true"),
    });
  });
});
