import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { createNormalizer } from "../../src/normalize/normalizer.ts";
import { loadTrialConfig } from "../../src/config.ts";
import { accessEventRow } from "../../src/store/event-rows.ts";
import { KeptEvents } from "../../src/store/kept-events.ts";
import { storeConfig } from "../../src/store/store-config.ts";
import { anEvent } from "../support/an-event.ts";
import { attacker, backtestLines, backtestLog, customer, logStart } from "../support/backtest-log.ts";
import { testCliContext } from "../support/cli-context.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const retention = { accessEvents: "3650d", detections: "3650d", minutes: "3650d", limited: "3650d" };
const config = storeConfig.parse({ type: "embedded", retention });
let directory: string;

/** Lies far from the log, so that each test reads its own. */
const elsewhere = logStart - 86_400_000;
const whole = anEvent({
  ...{
    time: elsewhere,
    startedAt: elsewhere - 20,
    clientIp: "2001:db8::7",
    clientKey: "2001:db8::/64",
    userId: "anna",
  },
  ...{
    apiKey: "app-7",
    sessionId: "s-1",
    deviceId: "d-1",
    country: "DE",
    asn: 3320,
    requestId: "r-1",
    requestBytes: 90,
  },
  ...{ attributes: { promo: "SUMMER" }, answeredBy: "gateway", attempt: false, origin: "shop", outcome: "limited" },
});
const bare = anEvent({
  ...{ time: elsewhere + 1, clientIp: undefined, host: undefined, userAgent: undefined, durationMs: undefined },
  ...{ upstreamMs: undefined, responseBytes: undefined },
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatewatch-test-"));
  const store = await openTestStore(directory, { type: "embedded", retention });
  const { endpoints, formats, proxies, redact, privacy } = await loadTrialConfig(configFile([], directory), {});
  const normalizer = createNormalizer({
    ...{ endpoints, formats, proxies, redact, privacy, trusted: [], geo: undefined, metrics: createMetrics() },
    sources: new Map([["log", { gateway: "log", format: "auto", timeZone: "UTC" }]]),
  });
  const { events } = normalizer.normalize({
    ...{ source: "log", partition: "log", refused: [], next: 0, receivedAt: systemClock.now() },
    records: backtestLines(),
    offsets: backtestLines().map((_, i) => i),
  });
  const row = (event: AccessEvent, offset: number) => accessEventRow(event, { partition: "p", offset, index: 0 });
  await store.write("access_events", events.map(row));
  await store.flush();
  // Again, as after a restart: each counts once.
  await store.write("access_events", events.slice(0, 100).map(row));
  await store.write(
    "access_events",
    [bare, whole].map((event, i) => row(event, 100_000 + i)),
  );
  await store.close();
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("requests that the store keeps", () => {
  test("come back in order of time, as they were but for what is not kept", async () => {
    const events = await kept({ from: elsewhere, to: elsewhere + 1000 });
    expect(events).toEqual([whole, bare]);
  });

  test("come once each, and only those of the time that is asked for", async () => {
    const all = await kept({ from: logStart, to: undefined });
    expect(all).toHaveLength(backtestLines().length);
    expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).toSorted((a, b) => a - b));
    const from = logStart + 600_000;
    const some = await kept({ from, to: from + 61_001 });
    expect(some.length).toBe(all.filter(({ time }) => time >= from && time < from + 61_001).length);
    expect(some[0]?.time).toBe(from);
  });

  test("give what the log gives that they were read from", async () => {
    const { findings, code, stderr } = await backtest(["--store", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(findings.map(({ key }) => key.clientIp)).toEqual([attacker, customer]);
    const log = join(tempDirectory(), "access.log");
    writeFileSync(log, backtestLog());
    expect((await backtest([log, "--json"])).findings).toEqual(findings);
  });

  test("of a part of the time", async () => {
    const { findings } = await backtest(["--store", "--json", "--to", "2026-08-22T09:12:10Z"]);
    expect(findings.map(({ key }) => key.clientIp)).toEqual([attacker]);
  });
});

test.for<[string, string[], string[], number, string]>([
  ["a time without any", ["--from", "2026-08-23T09:00Z"], [], 2, "The store has no requests of this time."],
  ["a store that keeps none", ["--from", "2026-08-23T09:00Z"], ["accessEvents: off"], 2, "Set it to a time span (3d)"],
  ["no store", [], ["dataDirectory: /no/such"], 3, "there is no store in /no/such"],
])("%s: what is wrong is told", async ([, args, changes, expected, said]) => {
  const { code, stderr } = await backtest(["--store", ...args], changes);
  expect(stderr).toContain(said);
  expect(code).toBe(expected);
});

// helpers

async function kept(time: { from: number | undefined; to: number | undefined }): Promise<AccessEvent[]> {
  const opened = await KeptEvents.open({ config, dataDirectory: directory, clock: systemClock, log: silentLog, time });
  const events: AccessEvent[] = [];
  await opened.read((some) => events.push(...some));
  await opened.close();
  expect([opened.done, opened.total]).toEqual([events.length, events.length]);
  return events;
}

/** `changes` take the place of lines that name the same key. */
function configFile(changes: readonly string[] = [], folder = tempDirectory()): string {
  const file = join(folder, "gatewatch.yaml");
  const name = (line: string) => line.slice(0, line.indexOf(":"));
  const or = (line: string) => changes.find((change) => name(change) === name(line)) ?? line;
  writeFileSync(
    file,
    `
service: { ${or(`dataDirectory: ${directory}`)} }
store: { type: embedded, retention: { ${or("accessEvents: 3650d")} } }
detect: { clients: 1024, firstSeenValues: 1024 }
geo: { database: none }
endpoints:
  - { method: POST, route: /api/login, class: login }
  - { method: POST, route: /api/checkout, class: checkout }
`,
  );
  return file;
}

type Finding = Readonly<Record<string, unknown>> & { readonly key: { readonly clientIp: string } };

async function backtest(args: readonly string[], changes: readonly string[] = []) {
  const { context, printed } = testCliContext({ clock: systemClock });
  const all = ["--config", configFile(changes), "backtest", "--detector", "credential-stuffing", ...args];
  const code = await runCli(all, context);
  const lines = args.includes("--json") ? printed.stdout.split("\n").filter(Boolean) : [];
  return { code, ...printed, findings: lines.map((line) => JSON.parse(line) as Finding) };
}
