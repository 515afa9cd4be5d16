import { expect, test } from "vitest";
import { dimensions } from "../src/detect/define-detector.ts";
import { detectConfig } from "../src/detect/detect-config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { LiveTrials } from "../src/live-trials.ts";
import { createMetrics } from "../src/metrics.ts";
import { measureService } from "../src/service-metrics.ts";
import { anEvent } from "./support/an-event.ts";
import { sampleStatus } from "./support/api-samples.ts";
import { aBatch } from "./support/pipeline-scene.ts";
import { shippedDetectors } from "./support/run-engine.ts";
import { TestClock } from "./support/test-clock.ts";

const start = Date.parse("2026-08-22T09:00:00.000Z");

function measured() {
  const metrics = createMetrics();
  const detect = new DetectStage({
    detectors: shippedDetectors,
    config: detectConfig.parse({ clients: 1_024 }),
    clock: new TestClock(start),
    onMuted: () => {},
  });
  measureService({
    metrics,
    detect,
    trials: new LiveTrials(shippedDetectors),
    status: () => sampleStatus({ lagMs: 1_500 }),
  });
  const process = (count: number) => {
    const events = Array.from({ length: count }, (_, i) => {
      const clientIp = `203.0.${i >> 8}.${i & 255}`;
      return anEvent({ time: start + i, clientIp, userId: `user ${i}`, endpointClass: "login", outcome: "failed", status: 401 });
    }); // prettier-ignore
    detect.process(aBatch([]), { events, offsets: events.map((_, i) => i) });
  };
  /** What Prometheus reads: names without labels, or with them as they are written. */
  const scrape = async () => {
    const lines = (await metrics.registry.metrics())
      .split("\n")
      .filter((line) => /^gatewatch_(detect|normalize)_/.test(line));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
  };
  return { detect, process, scrape };
}

test("each figure is read when it is asked for", async () => {
  const { process, scrape } = measured();
  expect((await scrape()).get("gatewatch_detect_watermark_seconds")).toBe(0);
  process(500);
  const found = await scrape();
  expect(found.get("gatewatch_detect_watermark_seconds")).toBe((start + 499 - 10_000) / 1000);
  expect(found.get("gatewatch_detect_lag_seconds")).toBe(1.5);
  expect(found.get('gatewatch_detect_rows{key="clientIp"}')).toBe(500);
  expect(found.get('gatewatch_detect_evicted_total{key="clientIp"}')).toBe(0);
  expect(found.get('gatewatch_detect_coverage{detector="credential-stuffing",state="full"}')).toBe(1);
  expect(found.get('gatewatch_detect_muted{detector="credential-stuffing"}')).toBe(0);
});

test("labels come from closed sets: a thousand clients add none", async () => {
  const { process, scrape } = measured();
  process(60);
  const few = [...(await scrape()).keys()];
  process(1_000);
  const many = [...(await scrape()).keys()];
  expect(many).toEqual(few);
  const keys = many.flatMap((line) => /\{key="([^"]*)"\}/.exec(line)?.[1]?.split("+") ?? []);
  expect(keys.filter((key) => !(dimensions as readonly string[]).includes(key))).toEqual([]);
});

test("a detector that is gone leaves nothing behind, and a state only while it holds", async () => {
  const { detect, process, scrape } = measured();
  const of = async (id: string) => [...(await scrape()).keys()].filter((line) => line.includes(`"${id}"`));
  expect(await of("credential-stuffing")).toContain(
    'gatewatch_detect_coverage{detector="credential-stuffing",state="waiting"}',
  );
  process(500);
  expect(await of("credential-stuffing")).not.toContain(
    'gatewatch_detect_coverage{detector="credential-stuffing",state="waiting"}',
  );
  detect.update(shippedDetectors.filter(({ definition }) => definition.id !== "credential-stuffing"));
  expect(await of("credential-stuffing")).toEqual([]);
});

test("what a log lacks has a value once there is something to say, and none before", async () => {
  const { process, scrape } = measured();
  const share = 'gatewatch_detect_field_share{detector="account-under-attack",field="country",needed="false"}';
  expect((await scrape()).has(share)).toBe(false);
  process(500);
  const found = await scrape();
  expect(found.get(share)).toBe(0);
  expect(found.get(share.replace("country", "userId").replace("false", "true"))).toBe(1);
  expect(found.get('gatewatch_normalize_format_events{source="edge",format="shop-event"}')).toBe(1_200);
  expect(found.get('gatewatch_normalize_field_share{source="edge",format="nginx-json",field="userId"}')).toBe(0.42);
});
