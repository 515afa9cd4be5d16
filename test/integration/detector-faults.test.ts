import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { ClickHouseHttp } from "../support/clickhouse-http.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { failedLogin, goodLogin, nginxLine } from "../support/nginx-lines.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { bodiesOf, type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const shippedRunbooks = join(import.meta.dirname, "../../runbooks");

describe("what may break while it runs", () => {
  const { directory, remove } = makeTemporaryDirectory();
  const detectors = join(directory, "detectors");
  const quietLog = join(directory, "quiet.log");
  let clickhouse: ClickHouseHttp;
  let channels: PagedChannels;
  let gatewatch: GatewatchProcess;

  beforeAll(async () => {
    mkdirSync(detectors);
    writeFileSync(join(detectors, "throws-sometimes.ts"), detector("throws-sometimes", 'e.path.includes("boom")'));
    writeFileSync(join(detectors, "throws-always.ts"), detector("throws-always", "true"));
    writeFileSync(quietLog, "");
    mkdirSync(join(directory, "runbooks"));
    const after = ["resolve: { after: 1m }", "resolve: { after: 1s }"] as const;
    rewrite(directory, "gatewatch-source-silent", after);
    rewrite(directory, "gatewatch-reload-failed", after);
    // One incident and one page a client.
    rewrite(directory, "credential-stuffing", ["group: [endpointClass]", "group: [clientIp]"]);
    clickhouse = await ClickHouseHttp.start(join(directory, "clickhouse"));
    channels = await startChannels();
    gatewatch = await startGatewatch({ directory, config: configuration(8) });
    await push(Array.from({ length: 30 }, (_, i) => goodLogin(Date.now(), `198.51.100.${i}`, `customer-${i}`)));
  });
  afterAll(async () => {
    await gatewatch?.kill();
    await clickhouse?.stop();
    await channels?.close();
    remove();
  });

  const configuration = (failures: number) => ({
    service: { dataDirectory: "./data" },
    sources: [
      { name: "push", type: "http", format: "nginx-json", silentAfter: "never" },
      { name: "quiet", type: "file", path: "./quiet.log", format: "nginx-json", silentAfter: "2s" },
    ],
    endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
    detectors: { directories: ["./detectors"], "credential-stuffing": { params: { failures } } },
    runbooks: { directories: ["./runbooks"] },
    ...channels.config,
    store: { type: "server", url: clickhouse.url },
    detect: { clients: 4096 },
    block: { mode: "enforce" },
    pages: { perTeamPerHour: 1000 },
  });
  const push = async (lines: readonly string[]) => {
    const before = await gatewatch.metric("gatewatch_normalize_events_total");
    const headers = { "content-type": "text/plain" };
    const response = await fetch(`${gatewatch.url}/v1/logs`, { method: "POST", headers, body: lines.join("\n") });
    expect(response.status).toBe(202);
    await eventually("the lines to be read", async () => (await gatewatch.metric("gatewatch_normalize_events_total")) >= before + lines.length); // prettier-ignore
  };
  const browse = (client: string, paths: readonly string[]) =>
    push(paths.map((uri) => nginxLine({ time: Date.now(), client, uri })));
  const stuff = (client: string, failures: number) =>
    push(Array.from({ length: failures }, (_, i) => failedLogin(Date.now(), client, `${client} ${i}`)));
  const found = async (detector: string, client: string) => {
    const { detections } = await gatewatch.get<{ detections: Detection[] }>("/v1/detections?limit=100");
    return detections.find((one) => one.detector === detector && one.key["clientIp"] === client);
  };
  const incidentOf = async (runbook: string) => {
    const { incidents } = await gatewatch.get<{ incidents: Incident[] }>("/v1/incidents?limit=100");
    return incidents.find((incident) => incident.runbook === runbook);
  };
  const taken = async (change: () => void) => {
    const before = gatewatch.log().split("taken over").length;
    change();
    await eventually("the change to be noticed", () => gatewatch.log().split("taken over").length > before);
  };

  test("a detector that throws on some events goes on with the others; one that always throws is muted", async () => {
    await browse("203.0.113.1", ["/boom", "/a", "/boom", "/b", "/boom", "/c"]);
    await browse(
      "203.0.113.2",
      Array.from({ length: 30 }, (_, i) => `/api/products/${i}`),
    );
    await stuff("203.0.113.2", 10);
    await eventually("credential stuffing", () => found("credential-stuffing", "203.0.113.2"));
    const sometimes = await eventually("the detector that throws on some", () =>
      found("throws-sometimes", "203.0.113.1"),
    );
    expect(sometimes.counters).toEqual({ hits: 3 });
    expect(await gatewatch.metric("gatewatch_detect_faults_total")).toBeGreaterThanOrEqual(23);
    expect(await gatewatch.metric("gatewatch_detect_muted", { detector: "throws-always" })).toBe(1);
    expect(await gatewatch.metric("gatewatch_detect_muted", { detector: "throws-sometimes" })).toBe(0);
    const incident = await eventually("the incident", () => incidentOf("gatewatch-detector-muted"));
    expect(incident.summary).toContain("throws-always");
    expect(incident.summary).toContain("on purpose");
  });

  test("a changed parameter takes effect without a restart", async () => {
    await stuff("203.0.113.10", 5);
    expect(await found("credential-stuffing", "203.0.113.10")).toBeUndefined();
    await taken(() => gatewatch.configure(configuration(4)));
    await stuff("203.0.113.11", 5);
    await eventually("credential stuffing with five failures", () => found("credential-stuffing", "203.0.113.11"));
  });

  test("a broken detector file leaves the last good one in force, and is an incident until it is mended", async () => {
    const file = join(detectors, "throws-sometimes.ts");
    const good = readFileSync(file, "utf8");
    await taken(() => writeFileSync(file, good.replace("defineDetector({", "defineDetector({{")));
    const incident = await eventually("the incident", () => incidentOf("gatewatch-reload-failed"));
    expect(incident.summary).toContain("throws-sometimes.ts");
    await browse("203.0.113.20", ["/a", "/b", "/c"]);
    await eventually("the last good one", () => found("throws-sometimes", "203.0.113.20"));
    await taken(() => writeFileSync(file, good.replace("hits >= 3", "hits >= 2")));
    await browse("203.0.113.21", ["/a", "/b"]);
    await eventually("the new one", () => found("throws-sometimes", "203.0.113.21"));
    await eventually(
      "the incident to end",
      async () => (await incidentOf("gatewatch-reload-failed"))?.state === "resolved",
    );
  });

  test("a silent source is an incident, and resolves when it is back", async () => {
    const incident = await eventually("the incident", () => incidentOf("gatewatch-source-silent"));
    expect(incident).toMatchObject({ state: "open", group: { source: "quiet" } });
    const line = () => nginxLine({ time: Date.now(), client: "198.51.100.1" });
    await eventually("the incident to end", async () => {
      appendFileSync(quietLog, `${line()}\n`);
      return (await incidentOf("gatewatch-source-silent"))?.state === "resolved";
    });
  });

  test("while ClickHouse is away people are paged and clients blocked; its rows come later", async () => {
    await clickhouse.goAway();
    const attacker = "203.0.113.77";
    const before = channels.pagerduty.requests.length;
    await stuff(attacker, 10);
    await eventually("the block", async () => (await check(gatewatch, attacker)) === 403);
    await eventually("the page", () => bodiesOf<object>(channels.pagerduty.requests.slice(before)).some((body) => JSON.stringify(body).includes(attacker))); // prettier-ignore
    expect(await check(gatewatch, "198.51.100.1")).toBe(200);
    await eventually("rows to wait in the journal", async () => (await gatewatch.metric("gatewatch_store_journal_rows")) > 0); // prettier-ignore
    // What is open is known without the store.
    await eventually("the store's own incident", async () => {
      const { incidents } = await gatewatch.get<{ incidents: Incident[] }>("/v1/incidents?state=open");
      return incidents.some(({ runbook }) => runbook === "gatewatch-store-failing");
    });

    await clickhouse.comeBack();
    const store = await openTestStore(join(directory, "reader"), { type: "server", url: clickhouse.url });
    try {
      await eventually("the rows", async () => {
        const rows = await store.query("SELECT id FROM detections WHERE clientIp = {attacker:String}", { attacker });
        return rows.length > 0;
      });
    } finally {
      await store.close();
    }
  });
});

// helpers

/** A detector of one's own: three requests of a client, and an error wherever `throwsIf` holds. */
function detector(id: string, throwsIf: string): string {
  const template = readFileSync(join(import.meta.dirname, "../fixtures/throwing-detector.txt"), "utf8");
  return template.replace("DETECTOR_ID", id).replace("THROWS_IF", throwsIf);
}

/** A copy of a shipped runbook that takes its place, with one line changed. */
function rewrite(directory: string, name: string, [from, to]: readonly [string, string]): void {
  const text = readFileSync(join(shippedRunbooks, `${name}.md`), "utf8");
  if (!text.includes(from)) throw new Error(`${name}.md has no ${from}`);
  writeFileSync(join(directory, "runbooks", `${name}.md`), text.replace(from, to));
}

async function check(gatewatch: GatewatchProcess, client: string): Promise<number> {
  return (await fetch(`${gatewatch.url}/v1/check`, { headers: { "x-real-ip": client } })).status;
}
