import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import type { LiveReport } from "../../src/block/detector-trial.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { failedLogin, goodLogin } from "../support/nginx-lines.ts";
import { type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const id = "credential-stuffing";

describe("a detector on trial, in the real service", () => {
  const { directory, remove } = makeTemporaryDirectory();
  let clickhouse: ClickHouseHttp;
  let channels: PagedChannels;
  let gatewatch: GatewatchProcess;

  beforeAll(async () => {
    clickhouse = await ClickHouseHttp.start(join(directory, "clickhouse"));
    channels = await startChannels();
    gatewatch = await startGatewatch({ directory, config: configuration("dry-run") });
  });
  afterAll(async () => {
    await gatewatch?.kill();
    await clickhouse?.stop();
    await channels?.close();
    remove();
  });

  const configuration = (mode: string) => ({
    service: { dataDirectory: "./data" },
    sources: [{ name: "push", type: "http", format: "nginx-json", silentAfter: "never" }],
    endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
    detectors: { [id]: { mode } },
    ...channels.config,
    store: { type: "server", url: clickhouse.url },
    detect: { clients: 4096, lateness: "1s", idleAfter: "2s", saveEvery: "1s" },
    block: { mode: "enforce" },
    geo: { database: "none" },
  });
  const push = async (lines: readonly string[]) => {
    const response = await fetch(`${gatewatch.url}/v1/logs`, { method: "POST", body: lines.join("\n") });
    expect(response.status).toBe(202);
  };
  const stuff = (client: string, failures: number) =>
    push(Array.from({ length: failures }, (_, i) => failedLogin(Date.now(), client, `${client} ${i}`)));
  const read = async () => (await gatewatch.get<{ report: LiveReport }>(`/v1/detectors/${id}/report`)).report;
  const decisionsOn = async (client: string) =>
    (await gatewatch.get<{ decisions: Decision[] }>(`/v1/decisions?value=${client}`)).decisions;
  /** What of a report doesn't grow with time alone. */
  const lasting = ({ since, states, keys, people, blocks, alerts, thresholds }: LiveReport) =>
    ({ since, states, keys, people, blocks, alerts, thresholds }); // prettier-ignore

  test("its report tells whom it would have blocked, customers among them; nobody is blocked or paged", async () => {
    await push(Array.from({ length: 400 }, (_, i) => goodLogin(Date.now(), `198.51.100.${i % 200}`, `customer-${i % 200}`))); // prettier-ignore
    await eventually("everybody to be in", async () => (await read()).since !== undefined);
    await stuff("203.0.113.7", 30);
    await stuff("198.51.100.7", 30);
    await eventually("both to be found", async () => (await read()).blocks.blocked.all === 2);
    await stuff("203.0.113.7", 5);
    await eventually("further requests to be counted", async () => (await read()).blocks.hit.requests >= 5);
    expect(await read()).toMatchObject({
      ...{ mode: "dry-run", detections: 2, people: { all: 2, bought: 0, signedIn: 1 } },
      blocks: { blocked: { all: 2, bought: 0, signedIn: 1 } },
      promote: `detectors: { ${id}: { mode: active } }`,
    });
    expect(await decisionsOn("203.0.113.7")).toMatchObject([{ state: "active", dryRun: true, detector: id }]);
    expect((await read()).alerts).toBeGreaterThan(0);
    expect(channels.everything()).toBe("");
  });

  test.for(["kill -9", "SIGTERM"] as const)("a restart after %s goes on with it", async (how) => {
    await eventually("it to be sealed", async () => (await read()).keys.length === 2);
    const state = await gatewatch.metric("gatewatch_trial_detections", { detector: id });
    // Twice as long as it takes to save.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const before = await read();
    await (how === "SIGTERM" ? gatewatch.stop() : gatewatch.kill());
    gatewatch = await startGatewatch({ directory, config: configuration("dry-run"), port: gatewatch.port });
    expect(lasting(await read())).toEqual(lasting(before));
    expect(await gatewatch.metric("gatewatch_trial_detections", { detector: id })).toBe(state);
    await stuff("203.0.113.7", 5);
    const { requests } = before.blocks.hit;
    await eventually("what follows to be counted", async () => (await read()).blocks.hit.requests >= requests + 5);
    expect((await read()).detections).toBe(before.detections);
  });

  test("with the line that the report gives it acts, and begins another report", async () => {
    gatewatch.configure(configuration("active"));
    await eventually("it to act", async () => (await read()).mode === "active");
    expect(await read()).toMatchObject({ detections: 0, blocks: { blocked: { all: 0 } }, thresholds: [] });
    await stuff("203.0.113.8", 30);
    await eventually("the block", async () => (await decisionsOn("203.0.113.8"))[0]?.state === "active");
    expect(await decisionsOn("203.0.113.8")).toMatchObject([{ dryRun: false }]);
    expect(await decisionsOn("203.0.113.7")).toMatchObject([{ dryRun: true }]);
    await eventually("its report", async () => (await read()).blocks.blocked.all === 1);
    await eventually("the page", () => channels.everything().includes("203.0.113.8"));
  });
});
