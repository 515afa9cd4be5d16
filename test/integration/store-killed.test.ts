import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { GatewatchError } from "../../src/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { aDetectionRow } from "../support/store-rows.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const child = join(import.meta.dirname, "../support/store-child.ts");

/** A process that saves without end; `saved` grows by what it confirmed. */
async function startSaving(
  directory: string,
  prefix: string,
): Promise<{ process: ChildProcess; saved: readonly string[] }> {
  const saving = spawn(process.execPath, [child, directory, prefix], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void saving.kill("SIGKILL"));
  const lines = createInterface({ input: saving.stdout });
  const saved: string[] = [];
  lines.on("line", (line) => saved.push(line));
  await once(lines, "line"); // "ready"
  saved.length = 0;
  return { process: saving, saved };
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 30_000, interval: 5 }).toBe(true);
}

/** Rows that were confirmed and are not there. */
async function missing(store: Store, confirmed: readonly string[]): Promise<string[]> {
  const rows = await store.query<{ id: string }>("SELECT id FROM detections FINAL");
  const there = new Set(rows.map(({ id }) => id));
  return confirmed.filter((id) => !there.has(id));
}

test("every confirmed row is there after kill -9, again and again", async () => {
  const directory = temporaryDirectory();
  const confirmed: string[] = [];
  for (const [round, count] of [7, 150, 400].entries()) {
    const { process: saving, saved } = await startSaving(directory, `round${round}`);
    await until(() => saved.length > count);
    saving.kill("SIGKILL");
    await once(saving, "close");
    confirmed.push(...saved);
  }
  expect(confirmed.length).toBeGreaterThan(550);
  expect(readdirSync(join(directory, "journal"))).not.toEqual([]);
  const store = await openTestStore(directory);
  onTestFinished(() => store.close());
  expect(await missing(store, confirmed)).toEqual([]);
  expect(store.status().journalRows).toBe(0);
});

test("a second process is told who has the store, and what to do", async () => {
  const directory = temporaryDirectory();
  const { process: saving, saved } = await startSaving(directory, "first");
  const refused = await openTestStore(directory).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(GatewatchError);
  expect(refused).toMatchObject({
    code: "STORE_IN_USE",
    exitCode: 3,
    message: expect.stringContaining(String(saving.pid)),
  });
  expect((refused as GatewatchError).remedy).toContain("dataDirectory");

  // The first one goes on.
  const before = saved.length;
  await until(() => saved.length > before + 10);
  saving.kill("SIGKILL");
  await once(saving, "close");
  const store = await openTestStore(directory);
  onTestFinished(() => store.close());
  await store.save([aDetectionRow("second")]);
  await store.flush();
  expect(await missing(store, [...saved, "second"])).toEqual([]);
});
