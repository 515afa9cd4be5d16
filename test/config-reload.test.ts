import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock, type Clock } from "../src/clock.ts";
import { loadConfig, type Config } from "../src/config.ts";
import { restartOnly, watchConfig, type ConfigUpdate } from "../src/config-reload.ts";
import { tempDirectory } from "./support/temp-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const good = "sources: [{ name: in, type: stdin }]\nblock: { allow: { addresses: [192.0.2.1] } }\n";

describe("a change", () => {
  test("of an allowlist is taken over", async () => {
    const { write, next } = await watching(new TestClock());
    write(good.replace("192.0.2.1", "192.0.2.2"));
    const update = await next("poll");
    expect(update).toMatchObject({
      kind: "good",
      needsRestart: [],
      config: { block: { allow: { addresses: ["192.0.2.2"] } } },
    });
  });

  test("of a source is named as one that needs a restart", async () => {
    const { write, next } = await watching(new TestClock());
    write(`${good}api: { listen: "127.0.0.1:9999" }\n`.replace("stdin", "http"));
    expect(await next("poll")).toMatchObject({ kind: "good", needsRestart: ["sources", "api.listen"] });
  });

  test("that is bad is told, and mending it, too", async () => {
    const { write, next } = await watching(new TestClock());
    write(`${good}blck: {}\n`);
    expect(await next("poll")).toMatchObject({ kind: "bad", problems: [{ path: "blck", line: 3 }] });
    write(good);
    expect(await next("poll")).toMatchObject({ kind: "good", needsRestart: [] });
  });

  test("of a detector's file counts", async () => {
    const { directory, next } = await watching(new TestClock());
    writeFileSync(join(directory, "detectors", "own.ts"), "export default {};\n");
    expect(await next("poll")).toMatchObject({ kind: "good" });
  });

  test("to nothing: the file is gone", async () => {
    const { file, next } = await watching(new TestClock());
    rmSync(file);
    expect(await next("poll")).toMatchObject({
      kind: "bad",
      problems: [{ message: expect.stringContaining("ENOENT") as string }],
    });
  });

  test("is seen through the system's notification, once for several in a row", async () => {
    const clock = new TestClock();
    const { write, next, notify, updates } = await watching(clock);
    write(good.replace("192.0.2.1", "192.0.2.3"));
    notify();
    await clock.advance(150);
    notify();
    await clock.advance(150);
    expect(updates).toHaveLength(0);
    expect(await next("notified")).toMatchObject({ kind: "good" });
    expect(updates).toHaveLength(1);
  });

  test("is seen by the real file system", async () => {
    const { write, arrived } = await watching(systemClock, "system");
    write(good.replace("192.0.2.1", "192.0.2.4"));
    expect(await arrived()).toMatchObject({ kind: "good" });
  });
});

test("reload looks although nothing seems changed", async () => {
  const { watcher, updates } = await watching(new TestClock());
  await watcher.reload();
  expect(updates).toMatchObject([{ kind: "good", needsRestart: [] }]);
});

test("nothing is told when nothing changed, nor after stop", async () => {
  const clock = new TestClock();
  const { watcher, write, updates } = await watching(clock);
  await clock.advance(60_000);
  // Looks happen one after the other: when this one has ended, so have those before it.
  await watcher.reload();
  expect(updates).toHaveLength(1);
  watcher.stop();
  write(`${good}blck: {}\n`);
  await clock.advance(60_000);
  await watcher.reload();
  expect(updates).toHaveLength(2);
});

describe("what needs a restart", () => {
  test.for([
    ["nothing", {}, []],
    ["block", { block: { mode: "enforce" } }, []],
    ["detectors", { detectors: { directories: [], x: { mode: "off", params: {} } } }, []],
    ["teams and channels", { teams: { a: 1 }, channels: { b: 1 } }, []],
    ["endpoints", { endpoints: [1] }, []],
    ["runbooks", { runbooks: { directories: ["/x"] } }, []],
    ["sources", { sources: [] }, ["sources"]],
    [
      "a part of the store",
      { store: { type: "server", url: "https://x" } },
      ["store.type", "store.retention", "store.journalBytes", "store.maxUnwrittenRows", "store.url"],
    ],
    ["CrowdSec's listener", { crowdsec: { listen: "x", keys: [] } }, ["crowdsec"]],
    [
      "the log's level",
      { service: { log: { level: "debug" } } },
      [
        "service.name",
        "service.dataDirectory",
        "service.publicUrl",
        "service.log",
        "service.threads",
        "service.shutdownAfter",
      ],
    ],
  ] as const)("%s", async ([, change, expected]) => {
    const { started } = await watching(new TestClock());
    expect(restartOnly(started, { ...started, ...change } as unknown as Config)).toEqual(expected);
  });
});

// helpers

async function watching(clock: Clock, watch: "fake" | "system" = "fake") {
  const directory = tempDirectory();
  const file = join(directory, "gatewatch.yaml");
  mkdirSync(join(directory, "detectors"));
  writeFileSync(file, good);
  const started = await loadConfig(file, {});

  const updates: ConfigUpdate[] = [];
  let arrive = Promise.withResolvers<ConfigUpdate>();
  const changed: (() => void)[] = [];
  const watcher = await watchConfig({
    file,
    env: {},
    clock,
    started,
    directoriesOf: () => [join(directory, "detectors")],
    onUpdate: (update) => {
      updates.push(update);
      arrive.resolve(update);
    },
    ...(watch === "fake" && {
      watchDirectory: (_directory: string, fn: () => void) => {
        changed.push(fn);
        return () => {};
      },
    }),
  });
  onTestFinished(() => watcher.stop());

  const arrived = () => arrive.promise;
  return {
    directory,
    file,
    started,
    watcher,
    updates,
    arrived,
    write: (text: string) => writeFileSync(file, text),
    notify: () => changed[0]?.(),
    /** The next update, after the poll's or the notification's time has passed. */
    next: async (why: "poll" | "notified"): Promise<ConfigUpdate> => {
      if (clock instanceof TestClock) await clock.advance(why === "poll" ? 5_000 : 200);
      const update = await arrived();
      arrive = Promise.withResolvers();
      return update;
    },
  };
}
